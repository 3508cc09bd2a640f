/**
 * What accounts and annual reports have in their rows, as IFRS and US GAAP call it. An amount beside it is what it was in a period, and nobody pays it.
 * Fees, rates and payments are not among them, though accounts have them, too.
 */
const rows = new RegExp(
  `(?<![\\p{L}])(?:${[
    'net (?:sales|income|loss(?:es)?|earnings|profit|revenues?|assets|liabilities|worth)|gross (?:profit|margin)|operating (?:income|profit|loss(?:es)?|expenses?|margin|leases?)|comprehensive (?:income|loss)',
    "revenues?|assets|liabilit(?:y|ies)|(?:share|stock)holders[’']? equity|retained earnings|earnings per share|turnover|EBITDA?|cash flows?|cash equivalents|working capital|balance sheet|capital expenditures?",
    'depreciation|amorti[sz]ation|impairments?|goodwill|carrying (?:amounts?|values?)|fair values?|book values?|write-?(?:downs?|offs?)|accruals?|accrued|receivables?|payables?|borrowings|proceeds',
    '(?:tax|loss|credit) carry-?(?:forwards?|backs?)|carry-?forwards|deferred (?:tax(?:es)?|revenues?|income)|income tax (?:expense|benefit|provision)s?|unrecogni[sz]ed tax|valuation allowance|(?:common|preferred|treasury) stock|(?:share|stock)-based compensation',
    '(?:contractual|lease|purchase|debt|benefit|performance) obligations|interest (?:income|expense)|contract (?:assets|liabilities)|fiscal year \\d{4}',
    'umsatz(?:erlöse)?|jahresüberschuss|abschreibung(?:en)?|rückstellungen|verbindlichkeiten|forderungen|eigenkapital|bilanz(?:summe)?',
    "chiffre d’affaires|chiffre d'affaires|bénéfice net|résultat net|amortissements?|capitaux propres|flux de trésorerie",
    'ingresos netos|beneficio neto|depreciación|amortización|patrimonio neto|cuentas por (?:cobrar|pagar)|flujo de caja',
    'ricavi|utile netto|ammortament[oi]|patrimonio netto|receitas? líquidas?|lucro líquido|depreciação|amortização|patrimônio líquido',
  ].join('|')})(?![\\p{L}])`,
  'iu',
);

/** "All proceeds go to the school; a ticket costs 5 euros." */
const paid = /(?<!\p{L})(?:costs?|fees?|prices?|charge[sd]?|pays?|paid|fines?|rents?|deposits?)(?!\p{L})/iu;

/** Whether a text speaks of what stands in accounts, and not of what somebody pays. */
export function tellsAccounts(text: string): boolean {
  return rows.test(text) && !paid.test(text);
}
