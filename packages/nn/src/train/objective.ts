import type { Graph, Session, TensorData } from '../graph/index.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import {
  decoderInputs,
  decoderLossGraph,
  decoderPreferenceGraph,
  decoderPreferenceLossGraph,
  decoderTrainingGraph,
  dropoutInputs,
  type LabelledTokens,
  type LoraShape,
  type PreferredTokens,
  preferenceInputs,
} from '../models/decoder.ts';
import type { DecoderModel } from '../models/decoder-config.ts';
import { cutIntoPasses } from './batches.ts';
import { yieldOrStop } from './stop.ts';

/** What a training minimises. The same loop minimises the loss of examples and that of preferences. */
export interface Objective {
  /** By item (example or pair): its tokens in a pass, with the padding inside the item. */
  readonly lengths: readonly number[];
  /** By item: its tokens without padding. */
  readonly tokens: readonly number[];
  readonly labelledTokens: readonly number[];
  /** By item: its weight. The summed loss is divided by the weights' sum. */
  readonly weights: readonly number[];
  /** The graph's inputs for these items, without the adapter and the gradients' seed. */
  inputs(items: readonly number[]): Record<string, TensorData>;
  /** The sequences of these items in the order of `inputs`: for each, its item and its number within the item. */
  sequences(items: readonly number[]): readonly (readonly [item: number, number: number])[];
  /** How many of the items a pass's outputs got right; absent where there is no right and wrong. */
  correct?(items: readonly number[], outputs: Record<string, TensorData>): number;
}

/** The graphs that compute an objective. */
export interface ObjectiveGraphs {
  training(): Graph;
  loss(): Graph;
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
    inputs: (items) => decoderInputs(items.map((item) => examples[item]!)),
    sequences: (items) => items.map((item) => [item, 0]),
  };
}

export function supervisedGraphs(model: DecoderModel, lora: LoraShape): ObjectiveGraphs {
  return {
    training: () => decoderTrainingGraph(model, lora),
    loss: () => decoderLossGraph(model, { ...lora, dropout: 0 }),
  };
}

/** The log-probabilities of the replies under the model before training, by pair. */
export interface ReferenceLogProbabilities {
  chosen: Float32Array;
  rejected: Float32Array;
}

/**
 * Direct preference optimisation, the mean over pairs. A pair counts as right when the chosen reply has gained on the
 * rejected one since the start.
 */
export function preferenceObjective(
  pairs: readonly PreferredTokens[],
  reference: ReferenceLogProbabilities,
): Objective {
  const difference = reference.chosen.map((value, pair) => value - reference.rejected[pair]!);
  const both = (count: (sequence: LabelledTokens) => number) =>
    pairs.map(({ chosen, rejected }) => count(chosen) + count(rejected));
  return {
    lengths: pairs.map(({ chosen, rejected }) => 2 * Math.max(chosen.tokens.length, rejected.tokens.length)),
    tokens: both(({ tokens }) => tokens.length),
    labelledTokens: both(({ labels }) => labels.length),
    weights: pairs.map(() => 1),
    inputs: (items) =>
      preferenceInputs(
        items.map((item) => pairs[item]!),
        Float32Array.from(items, (item) => difference[item]!),
      ),
    sequences: (items) => [0, 1].flatMap((number) => items.map((item) => [item, number] as const)),
    correct(items, { chosen, rejected }) {
      const [c, r] = [chosen!.data as Float32Array, rejected!.data as Float32Array];
      return items.filter((item, row) => c[row]! - r[row]! > difference[item]!).length;
    },
  };
}

export function preferenceGraphs(model: DecoderModel, lora: LoraShape, beta: number): ObjectiveGraphs {
  return {
    training: () => decoderPreferenceGraph(model, lora, beta),
    loss: () => decoderPreferenceLossGraph(model, { ...lora, dropout: 0 }, beta),
  };
}

/**
 * Measures the mean loss over all items, in passes.
 * @param weights the adapter's matrices, as graph inputs.
 * @param options.onPass gets the outputs of each pass.
 */
export async function measureLoss(
  session: Session,
  objective: Objective,
  weights: Record<string, TensorData>,
  options: {
    tokensPerPass: number;
    stopRequested?: (() => boolean) | undefined;
    onItems?: (done: number) => void;
    onPass?: (items: readonly number[], outputs: Record<string, TensorData>) => void;
  },
): Promise<{ loss: number; accuracy?: number }> {
  const { lengths } = objective;
  let [loss, weight, correct, done] = [0, 0, 0, 0];
  const all = lengths.map((_, item) => item);
  for (const items of cutIntoPasses(all, lengths, options.tokensPerPass)) {
    await yieldOrStop(options.stopRequested);
    const outputs = await session.run({ ...weights, ...objective.inputs(items) });
    options.onPass?.(items, outputs);
    loss += (outputs.loss!.data as Float32Array)[0]!;
    for (const item of items) weight += objective.weights[item]!;
    correct += objective.correct?.(items, outputs) ?? 0;
    options.onItems?.((done += items.length));
  }
  return { loss: loss / weight, ...(objective.correct && { accuracy: correct / all.length }) };
}

/**
 * The dropout keys of these items: different for each sequence and each step, and the same when the step is computed
 * again.
 */
export function dropoutKeysOf(
  objective: Objective,
  items: readonly number[],
  inputs: Record<string, TensorData>,
  { seed, step }: { seed: number; step: number },
): Record<string, TensorData> {
  const seeds = objective
    .sequences(items)
    .map(([item, number]) => [seed, step, item, number].reduce((state, value) => mixSeeds(state, value), 0));
  return dropoutInputs(seeds, inputs.tokens!.shape[1]!);
}

/** Combines two numbers so that neighbouring inputs give unrelated results. */
function mixSeeds(state: number, value: number): number {
  return seededRandom(Math.imul(state ^ value, 0x9e3779b1) + value)() * 2 ** 32;
}
