/** 24 of banking77's 77 intents. */
export const intents = [
  'card_arrival',
  'card_delivery_estimate',
  'activate_my_card',
  'lost_or_stolen_card',
  'card_swallowed',
  'pin_blocked',
  'change_pin',
  'contactless_not_working',
  'virtual_card_not_working',
  'getting_spare_card',
  'top_up_limits',
  'pending_top_up',
  'top_up_failed',
  'automatic_top_up',
  'top_up_by_card_charge',
  'transfer_timing',
  'cancel_transfer',
  'transfer_fee_charged',
  'failed_transfer',
  'declined_cash_withdrawal',
  'cash_withdrawal_charge',
  'exchange_rate',
  'request_refund',
  'terminate_account',
] as const;

/** What a question is about: each intent belongs to one of these. */
export const products = ['card', 'cash', 'top-up', 'transfer', 'payment', 'account'] as const;
