/** The policies of Larkfield, a bank that does not exist. All of it was invented for this example. */
export interface Policy {
  /** Of banking77; absent of policies that no question of the example is about. */
  intent?: string;
  product: 'card' | 'cash' | 'top-up' | 'transfer' | 'payment' | 'account' | 'none';
  title: string;
  /** What holds. The reply says the same in the house's words. */
  rule: string;
  /** What else staff should know. */
  background: string;
  /** One or two sentences to the customer. */
  reply?: string[];
}

export const policies: Policy[] = [
  {
    intent: 'card_arrival',
    product: 'card',
    title: 'Cards that have not arrived',
    rule: 'A card that is not there 9 working days after it was ordered counts as lost in the post. The customer asks for another one in the app under Card, Not arrived; it is free of charge, and the first card is blocked at once.',
    background: 'Cards travel by ordinary post and cannot be tracked. Post offices keep no list of them.',
    reply: [
      'A card that is not there after 9 working days counts as lost in the post.',
      'Please choose Card, Not arrived in the app: we block the first card at once and send another free of charge.',
    ],
  },
  {
    intent: 'card_delivery_estimate',
    product: 'card',
    title: 'How long a card takes',
    rule: 'Cards are posted within 2 working days and take 4 to 6 working days at home, 8 to 12 abroad. Express delivery takes 2 working days and costs 9 euros; a date cannot be chosen.',
    background: 'The times are those of the postal service and are measured each spring.',
    reply: [
      'A card takes 4 to 6 working days at home and 8 to 12 abroad.',
      'Express delivery takes 2 working days and costs 9 euros; a date cannot be chosen.',
    ],
  },
  {
    intent: 'activate_my_card',
    product: 'card',
    title: 'Activating a card',
    rule: 'A new card is activated in the app under Card, Activate, with the four digits below the chip. It works in shops after the first payment with the PIN.',
    background:
      'Cards that are not activated within 90 days are cancelled. Staff cannot activate a card by telephone.',
    reply: [
      'Please choose Card, Activate in the app and type the four digits below the chip.',
      'After the first payment with its PIN the card works everywhere.',
    ],
  },
  {
    intent: 'lost_or_stolen_card',
    product: 'card',
    title: 'Lost and stolen cards',
    rule: 'A lost or stolen card is frozen in the app under Card, Freeze, or by telephone at 0800 555 0131, day and night. The customer bears at most 35 euros of what was paid before the report.',
    background: 'A frozen card can be released for 14 days; then it is replaced.',
    reply: [
      'Please freeze the card now: in the app under Card, Freeze, or by telephone at 0800 555 0131, day and night.',
      'Of what was paid before your report you bear at most 35 euros.',
    ],
  },
  {
    intent: 'card_swallowed',
    product: 'cash',
    title: 'Cards kept by a machine',
    rule: 'A card that a cash machine has kept is destroyed by the bank that owns the machine. It is frozen in the app, and a new one is sent free of charge within 3 working days.',
    background: 'Machines keep a card after 30 seconds in the slot, or when it was reported.',
    reply: [
      'A card that a machine has kept is destroyed by the bank that owns the machine.',
      'Please freeze it in the app: we send a new one free of charge within 3 working days.',
    ],
  },
  {
    intent: 'pin_blocked',
    product: 'card',
    title: 'Blocked PINs',
    rule: 'After 3 wrong attempts the PIN is blocked. It is unblocked in the app under Card, PIN, Unblock, and then at any cash machine with the right PIN.',
    background: 'Nobody at the bank can see a PIN. The app shows it for 10 seconds after the fingerprint.',
    reply: [
      'After 3 wrong attempts a PIN is blocked.',
      'Please choose Card, PIN, Unblock in the app, then use the right PIN at any cash machine.',
    ],
  },
  {
    intent: 'change_pin',
    product: 'card',
    title: 'Changing a PIN',
    rule: 'A PIN is changed at cash machines with the sign of the lark, under PIN services, at home and abroad. It cannot be changed in the app.',
    background: 'A new PIN must not be one of the last three.',
    reply: [
      'You can change your PIN at any cash machine with the sign of the lark, under PIN services.',
      'It cannot be changed in the app.',
    ],
  },
  {
    intent: 'contactless_not_working',
    product: 'payment',
    title: 'Contactless payment fails',
    rule: 'Contactless payment works after the first payment with the PIN, and needs the PIN again after 5 payments or 150 euros. Where it still fails, the chip is worn and the card is replaced free of charge.',
    background: 'Trains and buses in some towns accept only contactless credit cards.',
    reply: [
      'Contactless payment works after a payment with the PIN, and asks for the PIN again after 5 payments or 150 euros.',
      'If it still fails, we replace the card free of charge.',
    ],
  },
  {
    intent: 'virtual_card_not_working',
    product: 'payment',
    title: 'Virtual cards that are refused',
    rule: 'A virtual card is refused where a shop wants to see a card, as hotels and car rental do, and after its monthly limit of 1,000 euros. A disposable one is refused at its second payment.',
    background: 'Subscriptions need the lasting virtual card, not a disposable one.',
    reply: [
      'A virtual card is refused where a card must be shown, such as at car rental, and beyond 1,000 euros a month.',
      'A disposable one pays only once.',
    ],
  },
  {
    intent: 'getting_spare_card',
    product: 'card',
    title: 'Second cards',
    rule: 'Each account may have 2 further cards, also for members of the household of 12 years or more. Each costs 6 euros once and is ordered in the app under Card, Add.',
    background: 'All cards of an account share its limits. The holder of the account is liable.',
    reply: [
      'Your account may have 2 further cards, also for members of your household of 12 years or more.',
      'Each costs 6 euros once: please choose Card, Add in the app.',
    ],
  },
  {
    intent: 'top_up_limits',
    product: 'top-up',
    title: 'Limits of top-ups',
    rule: 'Top-ups are limited to 2,500 euros a day and 10,000 euros a month. After the proof of income the limit is 40,000 euros a month.',
    background: 'The limits follow the law on money laundering, and no manager may lift them.',
    reply: [
      'You can top up 2,500 euros a day and 10,000 euros a month.',
      'With a proof of income the limit is 40,000 euros a month.',
    ],
  },
  {
    intent: 'pending_top_up',
    product: 'top-up',
    title: 'Pending top-ups',
    rule: 'A top-up by card is pending for up to 40 minutes, one by bank transfer for up to 2 working days. After that it is booked or sent back by itself.',
    background: 'Staff see no more of a pending top-up than the customer does.',
    reply: [
      'A top-up is pending for up to 40 minutes by card and up to 2 working days by bank transfer.',
      'After that it is booked or sent back by itself.',
    ],
  },
  {
    intent: 'top_up_failed',
    product: 'top-up',
    title: 'Failed top-ups',
    rule: 'A top-up fails where the card is not in the customer’s own name, or where its bank wants a confirmation in its own app. The sum is released within 5 working days.',
    background: 'Prepaid cards of department stores are never accepted.',
    reply: [
      'A top-up fails where the card is not in your own name, or where its bank waits for your confirmation in its own app.',
      'The sum is released within 5 working days.',
    ],
  },
  {
    intent: 'automatic_top_up',
    product: 'top-up',
    title: 'Automatic top-ups',
    rule: 'Automatic top-up is set under Money, Automatic: a sum of 20 to 500 euros is added whenever the balance is below a mark. It works with cards only, and abroad as well.',
    background: 'It pauses after two failed attempts and says so by message.',
    reply: [
      'Yes: under Money, Automatic you set a sum of 20 to 500 euros that is added whenever the balance is below your mark.',
      'It works with cards only, and abroad as well.',
    ],
  },
  {
    intent: 'top_up_by_card_charge',
    product: 'top-up',
    title: 'What a top-up by card costs',
    rule: 'Topping up with a debit card of the European Union is free. Credit cards and cards from elsewhere cost 1.4 percent of the sum.',
    background: 'The charge is what the card networks ask, rounded to a tenth of a percent.',
    reply: [
      'Topping up with a debit card of the European Union is free.',
      'Credit cards and cards from elsewhere cost 1.4 percent of the sum.',
    ],
  },
  {
    intent: 'transfer_timing',
    product: 'transfer',
    title: 'How long transfers take',
    rule: 'Transfers within Europe take 10 seconds where the other bank takes part, else 1 working day. To other countries they take 3 to 5 working days.',
    background: 'Orders after 18:00 on Fridays leave on Monday, unless they are instant ones.',
    reply: [
      'Within Europe a transfer takes 10 seconds where the other bank takes part, else 1 working day.',
      'To other countries it takes 3 to 5 working days.',
    ],
  },
  {
    intent: 'cancel_transfer',
    product: 'transfer',
    title: 'Cancelling a transfer',
    rule: 'A transfer can be cancelled while the app shows it as scheduled. Once it is sent, a recall is asked for under Transfer, Recall: it costs 12 euros and needs the recipient’s consent.',
    background: 'Of recalls within a day of the order, about two in three succeed.',
    reply: [
      'While the app shows a transfer as scheduled you can cancel it there.',
      'Once it is sent, please choose Transfer, Recall: this costs 12 euros and needs the recipient’s consent.',
    ],
  },
  {
    intent: 'transfer_fee_charged',
    product: 'transfer',
    title: 'Fees of transfers',
    rule: 'Transfers in euros within Europe are free. Others cost 0.5 percent, at least 3 euros, and the recipient’s bank may take a fee of its own.',
    background: 'The app shows the fee before the order is confirmed.',
    reply: [
      'Transfers in euros within Europe are free; others cost 0.5 percent, at least 3 euros.',
      'The recipient’s bank may take a fee of its own.',
    ],
  },
  {
    intent: 'failed_transfer',
    product: 'transfer',
    title: 'Failed transfers',
    rule: 'A transfer fails where the account number does not fit the country, or the name differs from that of the account. The money is back on the account within 1 working day.',
    background: 'A dash in the reference is harmless; letters of other alphabets are not.',
    reply: [
      'A transfer fails where the account number does not fit the country, or the name is not that of the account.',
      'The money is back on your account within 1 working day.',
    ],
  },
  {
    intent: 'declined_cash_withdrawal',
    product: 'cash',
    title: 'Declined cash withdrawals',
    rule: 'Cash is declined beyond 400 euros a day, after 3 wrong PINs, or where withdrawals abroad are switched off under Card, Abroad. Another machine often helps, since machines have limits of their own.',
    background: 'The reason is in the app, in the list of payments, within a minute.',
    reply: [
      'Cash is declined beyond 400 euros a day, after 3 wrong PINs, or where Card, Abroad is switched off.',
      'Another machine often helps, since machines have limits of their own.',
    ],
  },
  {
    intent: 'cash_withdrawal_charge',
    product: 'cash',
    title: 'What cash costs',
    rule: 'The first 4 withdrawals of a month are free, each further one costs 1.90 euros. The owner of the machine may ask for more, which the machine shows before it pays.',
    background: 'Withdrawals at a shop’s till never cost anything.',
    reply: [
      'The first 4 withdrawals of a month are free, each further one costs 1.90 euros.',
      'The owner of the machine may ask for more, which the machine shows before it pays.',
    ],
  },
  {
    intent: 'exchange_rate',
    product: 'account',
    title: 'Exchange rates',
    rule: 'Money is exchanged at the rate of the European Central Bank of the same day with 0.6 percent added. On weekends Friday’s rate holds, with 1.1 percent added.',
    background: 'Rates cannot be held for later. The app shows the rate before an exchange.',
    reply: [
      'Money is exchanged at the day’s rate of the European Central Bank with 0.6 percent added.',
      'On weekends Friday’s rate holds, with 1.1 percent added.',
    ],
  },
  {
    intent: 'request_refund',
    product: 'payment',
    title: 'Asking for a refund',
    rule: 'A refund is asked of the shop first. Where the shop has not answered after 15 days, the payment is disputed in the app under Payment, Dispute, within 120 days of it.',
    background: 'A dispute needs the order and what was written to the shop.',
    reply: [
      'Please ask the shop for the refund first.',
      'Where it has not answered after 15 days, choose Payment, Dispute in the app, within 120 days of the payment.',
    ],
  },
  {
    intent: 'terminate_account',
    product: 'account',
    title: 'Closing an account',
    rule: 'An account is closed in the app under Profile, Close, when its balance is zero. Statements can be read for 60 days after that, and closing costs nothing.',
    background: 'Joint accounts need the consent of both holders. A closed account cannot be opened again.',
    reply: [
      'Please choose Profile, Close in the app when the balance is zero; this costs nothing.',
      'Your statements can be read for 60 days after that.',
    ],
  },
  {
    product: 'none',
    title: 'When we are there',
    rule: 'Letters of customers are answered every day from 7 to 22, by telephone as well. On 25 December the desk is closed.',
    background: 'At night only lost cards are taken care of.',
  },
  {
    product: 'none',
    title: 'Complaints',
    rule: 'A complaint is confirmed within 2 working days and answered within 15. Who is not content may turn to the ombudsman of private banks.',
    background: 'Every complaint is read by somebody who had no part in what it is about.',
  },
  {
    product: 'none',
    title: 'Data protection',
    rule: 'Customers may see what is kept of them under Profile, My data. What the law wants kept is deleted after 10 years, all else with the account.',
    background: 'Calls are recorded only after the customer has agreed.',
  },
  {
    product: 'none',
    title: 'Savings',
    rule: 'Savings earn 1.25 percent a year, paid every quarter. They can be moved to the account on any working day.',
    background: 'The rate is set by the board in March and September.',
  },
  {
    product: 'none',
    title: 'Joint accounts',
    rule: 'Two people of the same household may hold a joint account, each with a card of their own. Either of them may order transfers alone.',
    background: 'Debts of the account are owed by both.',
  },
  {
    product: 'none',
    title: 'Travel insurance',
    rule: 'The account Larkfield Plus contains travel insurance for journeys of up to 45 days. Skis and bicycles are insured up to 900 euros.',
    background: 'The insurer is named in the conditions of the account.',
  },
];
