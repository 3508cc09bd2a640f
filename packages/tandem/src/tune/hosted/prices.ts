import prices from './prices.json' with { type: 'json' };

export interface Price {
  /** US dollars. */
  perMillionTokens: number;
  /** Where the figure comes from, for the reader. */
  source: string;
}

/**
 * What a million trained tokens cost, or undefined where it is not in the table. A model's dated snapshot costs what the model does;
 * the same name at another host is another product.
 */
export function trainingPrice(
  baseURL: string,
  model: string,
  configured: number | undefined,
): Price | undefined {
  if (configured !== undefined)
    return { perMillionTokens: configured, source: 'tune.hosted.pricePerMillionTokens' };
  const table: Record<string, number> | undefined = (prices.hosts as Record<string, Record<string, number>>)[
    new URL(baseURL).hostname
  ];
  const perMillionTokens = table?.[model] ?? table?.[model.replace(/-\d{4}-\d{2}-\d{2}$/, '')];
  return perMillionTokens === undefined
    ? undefined
    : { perMillionTokens, source: `the provider's price list of ${prices.asOf}` };
}
