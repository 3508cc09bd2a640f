import type { TensorData } from '../graph/index.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import type { LayeredDecoder } from '../models/decoder.ts';
import {
  decoderBatch,
  dropoutRowKeys,
  type LabelledTokens,
  type PreferredTokens,
} from '../models/decoder-batch.ts';
import { cutIntoPasses } from './batches.ts';
import { yieldOrStop } from './stop.ts';

/**
 * What a training minimises: a function of the log-probabilities of labels. The same loop minimises the loss of
 * examples and that of preferences.
 */
export interface Objective {
  /** By item (example or pair): its tokens in a pass, with the padding inside the item. */
  readonly lengths: readonly number[];
  /** By item: its tokens without padding. */
  readonly tokens: readonly number[];
  readonly labelledTokens: readonly number[];
  /** By item: its weight. The summed loss is divided by the weights' sum. */
  readonly weights: readonly number[];
  /** The sequences of these items: for each, its item, its number within the item, and its tokens. */
  sequences(items: readonly number[]): readonly { item: number; number: number; sequence: LabelledTokens }[];
  /** The loss summed over the items. `logProbabilities` has one value for each label, in the order of `sequences`. */
  measure(items: readonly number[], logProbabilities: Float32Array): MeasuredItems;
}

/** The loss of some items. */
export interface MeasuredItems {
  loss: number;
  /** Of the loss in each log-probability. */
  gradient: Float32Array;
  /** How many of the items were got right; absent where there is no right and wrong. */
  correct?: number;
}

/** Supervised: cross-entropy, the mean over all labelled tokens. */
export function supervisedObjective(examples: readonly LabelledTokens[]): Objective {
  const lengths = examples.map(({ tokens }) => tokens.length);
  const labelledTokens = examples.map(({ labels }) => labels.length);
  return {
    lengths,
    tokens: lengths,
    labelledTokens,
    weights: labelledTokens,
    sequences: (items) => items.map((item) => ({ item, number: 0, sequence: examples[item]! })),
    measure(_, logProbabilities) {
      let loss = 0;
      for (const value of logProbabilities) loss -= value;
      return { loss, gradient: new Float32Array(logProbabilities.length).fill(-1) };
    },
  };
}

/** The log-probabilities of the replies under the model before training, by pair. */
export interface ReferenceLogProbabilities {
  chosen: Float32Array;
  rejected: Float32Array;
}

/**
 * Direct preference optimisation (Rafailov et al. 2023, equation 7), the mean over pairs of −log σ(beta · ((chosen −
 * rejected) − reference)). A pair counts as right when the chosen reply has gained on the rejected one since the start.
 */
export function preferenceObjective(
  pairs: readonly PreferredTokens[],
  reference: ReferenceLogProbabilities,
  beta: number,
): Objective {
  const difference = reference.chosen.map((value, pair) => value - reference.rejected[pair]!);
  const both = (count: (sequence: LabelledTokens) => number) =>
    pairs.map(({ chosen, rejected }) => count(chosen) + count(rejected));
  return {
    lengths: pairs.map(({ chosen, rejected }) => 2 * Math.max(chosen.tokens.length, rejected.tokens.length)),
    tokens: both(({ tokens }) => tokens.length),
    labelledTokens: both(({ labels }) => labels.length),
    weights: pairs.map(() => 1),
    sequences: (items) => [
      ...items.map((item) => ({ item, number: 0, sequence: pairs[item]!.chosen })),
      ...items.map((item) => ({ item, number: 1, sequence: pairs[item]!.rejected })),
    ],
    measure(items, logProbabilities) {
      const { chosen, rejected, rows } = sumReplies(
        items.map((item) => pairs[item]!),
        logProbabilities,
      );
      const gradient = new Float32Array(logProbabilities.length);
      let [loss, correct] = [0, 0];
      items.forEach((item, index) => {
        const gained = chosen[index]! - rejected[index]! - difference[item]!;
        const margin = beta * gained;
        // softplus(−margin), without overflow.
        loss += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
        if (gained > 0) correct++;
        const slope = beta / (1 + Math.exp(margin));
        gradient.fill(-slope, ...rows.chosen[index]!);
        gradient.fill(slope, ...rows.rejected[index]!);
      });
      return { loss, gradient, correct };
    },
  };
}

/**
 * The log-probability of each reply.
 * @param logProbabilities of all labels: of the chosen replies, then of the rejected ones.
 */
export function sumReplies(
  pairs: readonly PreferredTokens[],
  logProbabilities: Float32Array,
): ReferenceLogProbabilities & { rows: Record<'chosen' | 'rejected', [from: number, to: number][]> } {
  let at = 0;
  const rowsOf = (side: 'chosen' | 'rejected') =>
    pairs.map((pair): [number, number] => [at, (at += pair[side].labels.length)]);
  const rows = { chosen: rowsOf('chosen'), rejected: rowsOf('rejected') };
  const sums = (ranges: [number, number][]) =>
    Float32Array.from(ranges, ([from, to]) =>
      logProbabilities.subarray(from, to).reduce((sum, value) => sum + value, 0),
    );
  return { chosen: sums(rows.chosen), rejected: sums(rows.rejected), rows };
}

/** The batch of these items. */
export function batchOf(objective: Objective, items: readonly number[]) {
  return decoderBatch(objective.sequences(items).map(({ sequence }) => sequence));
}

/**
 * Measures the mean loss over all items, in passes.
 * @param adapter its matrices by `<module path>.a` and `.b`.
 * @param options.onPass gets the log-probabilities of each pass.
 */
export async function measureLoss(
  decoder: LayeredDecoder,
  objective: Objective,
  adapter: Record<string, TensorData>,
  options: {
    tokensPerPass: number;
    stopRequested?: (() => boolean) | undefined;
    onItems?: (done: number) => void;
    onPass?: (items: readonly number[], logProbabilities: Float32Array) => void;
  },
): Promise<{ loss: number; accuracy?: number }> {
  const { lengths } = objective;
  let [loss, weight, done] = [0, 0, 0];
  let correct: number | undefined;
  const all = lengths.map((_, item) => item);
  for (const items of cutIntoPasses(all, lengths, options.tokensPerPass)) {
    await yieldOrStop(options.stopRequested);
    const logProbabilities = await decoder.logProbabilities(batchOf(objective, items), adapter);
    options.onPass?.(items, logProbabilities);
    const measured = objective.measure(items, logProbabilities);
    loss += measured.loss;
    for (const item of items) weight += objective.weights[item]!;
    if (measured.correct !== undefined) correct = (correct ?? 0) + measured.correct;
    options.onItems?.((done += items.length));
  }
  return { loss: loss / weight, ...(correct !== undefined && { accuracy: correct / all.length }) };
}

/**
 * The dropout keys of these items' rows: different for each sequence and each step, and the same when the step is
 * computed again.
 */
export function dropoutKeysOf(
  objective: Objective,
  items: readonly number[],
  { seed, step }: { seed: number; step: number },
): TensorData {
  const sequences = objective.sequences(items);
  const seeds = sequences.map(({ item, number }) =>
    [seed, step, item, number].reduce((state, value) => mixSeeds(state, value), 0),
  );
  return dropoutRowKeys(seeds, Math.max(...sequences.map(({ sequence }) => sequence.tokens.length)));
}

/** Combines two numbers so that neighbouring inputs give unrelated results. */
function mixSeeds(state: number, value: number): number {
  return seededRandom(Math.imul(state ^ value, 0x9e3779b1) + value)() * 2 ** 32;
}
