/** What the difference loses: the trained cross-encoder as it is, and as it is shipped, on the held-out pairs. */
import { CrossEncoder, type CrossEncoderOptions, type EmbedderPair } from '@tandem/nn';

/** A pair, and how its query was made: figures are told by that. */
export interface FormedPair extends EmbedderPair {
  form: string;
}

/** Of one model on held-out pairs. */
export interface HeldOut {
  /** Mean binary cross-entropy. */
  loss: number;
  /** Share of the queries whose right text scores above the wrong ones: all, and by how the query was made. */
  right: number;
  byForm: Record<string, number>;
}

export async function compareModels<Name extends string>(
  pairs: readonly FormedPair[],
  models: Record<Name, CrossEncoderOptions>,
): Promise<Record<Name, HeldOut>> {
  const compared: Partial<Record<Name, HeldOut>> = {};
  for (const name of Object.keys(models) as Name[]) {
    await using model = await CrossEncoder.load(models[name]);
    let loss = 0;
    let scored = 0;
    const right: { form: string; value: number }[] = [];
    for (const { query, positive, negatives = [], form } of pairs) {
      const [own = 0, ...others] = await model.score(query, [positive, ...negatives], {
        onTooLong: 'truncate',
      });
      loss -= Math.log(own) + others.reduce((sum, other) => sum + Math.log(1 - other), 0);
      scored += 1 + others.length;
      right.push({ form, value: Number(others.every((other) => other < own)) });
    }
    const mean = (values: typeof right) => values.reduce((sum, { value }) => sum + value, 0) / values.length;
    compared[name] = {
      loss: loss / scored,
      right: mean(right),
      byForm: Object.fromEntries(
        [...Map.groupBy(right, ({ form }) => form)].map(([form, own]) => [form, mean(own)]),
      ),
    };
  }
  return compared as Record<Name, HeldOut>;
}
