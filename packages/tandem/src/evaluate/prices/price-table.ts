import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import packaged from './prices.json' with { type: 'json' };

const dated = {
  /** When it was looked up: `2026-05` or `2026-05-17`. */
  date: z.string().regex(/^\d{4}-\d{2}(-\d{2})?$/, 'must be a date such as 2026-05-17'),
  /** Where. */
  source: z.string().min(1),
};

/** US dollars, each with its date and source. `tuned` models are under a name of their own: `ft:NAME`. */
export const priceTableSchema = z.object({
  models: z.record(
    z.string(),
    z.strictObject({ inputPerMillion: z.number().min(0), outputPerMillion: z.number().min(0), ...dated }),
  ),
  /** What models on a machine of one's own are counted at, by the time that they take. */
  machine: z.strictObject({ name: z.string(), perHour: z.number().min(0), ...dated }).optional(),
});
export type PriceTable = z.infer<typeof priceTableSchema>;
export type TokenPrice = PriceTable['models'][string] & { model: string };
export type MachinePrice = NonNullable<PriceTable['machine']>;

/**
 * The package's price table, or a project's own in its place.
 * @param file JSON of the form of `prices.json`, relative to `directory`
 * @throws InvalidInputError where it cannot be read or has another form
 */
export async function readPriceTable(file: string | undefined, directory: string): Promise<PriceTable> {
  if (file === undefined) return priceTableSchema.parse(packaged);
  const fail = (message: string) =>
    new InvalidInputError({
      domain: 'evaluate',
      where: 'compare.prices',
      message,
      hint: 'Write { "models": { NAME: { "inputPerMillion", "outputPerMillion", "date", "source" } }, "machine": { "name", "perHour", "date", "source" } }.',
    });
  let given: unknown;
  try {
    given = JSON.parse(await readFile(resolve(directory, file), 'utf8'));
  } catch (error) {
    throw fail(
      error instanceof SyntaxError
        ? `The price table ${file} is no JSON: ${error.message}.`
        : `The price table ${file} cannot be read.`,
    );
  }
  const parsed = priceTableSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [{ path, message } = { path: [], message: '' }] = parsed.error.issues;
  throw fail(`The price table ${file} is wrong at ${path.join('.') || 'its top'}: ${message}.`);
}

/**
 * What a model's tokens cost; a dated snapshot costs what the model does.
 * @throws InvalidInputError where the table does not have it
 */
export function tokenPriceOf(model: string, { models }: PriceTable, file = 'the price table'): TokenPrice {
  const name = [model, model.replace(/-\d{4}-\d{2}-\d{2}$/, '')].find((each) => Object.hasOwn(models, each));
  if (name !== undefined) return { model: name, ...models[name]! };
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'compare.prices',
    message: `${file} has no price for ${model}, so its cost a month is not known.`,
    hint: `Name a table that has "${model}" in compare.prices, or leave compare.constraints.questionsPerMonth out.`,
  });
}
