/** Fits a training to the memory that it may use. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { type DecoderConfig, decoderLayerSizes, decoderTensors } from '../models/decoder-config.ts';
import type { LoraTarget } from '../models/lora-adapter.ts';

/** How a training uses memory. */
export interface MemoryPlan {
  /** What the backward computes again instead of keeping it; see `LoraShape`. */
  recompute: 'parts' | 'layers';
  /**
   * How the frozen matrices of layers are held: `ready` for products, or as the `blocks` of their file, which are made
   * ready one layer at a time.
   */
  weights: 'ready' | 'blocks';
  /** The most tokens in one pass. */
  tokensPerPass: number;
  /** The expected peak of resident memory of the whole process, rather a little too high. */
  bytes: number;
}

/** What the memory of a training depends on, apart from its model. */
export interface PlannedTraining {
  rank: number;
  targetModules: readonly LoraTarget[];
  /** Tokens of the longest example, which goes through in one pass with any plan. */
  longest: number;
  /** Share of the tokens that are labels. */
  labelledShare: number;
}

/**
 * From the fastest to the smallest. Fewer tokens in a pass cost little time; computing layers again costs a quarter of
 * the speed.
 */
const plans = [
  { recompute: 'parts', weights: 'ready', tokensPerPass: 1024 },
  { recompute: 'parts', weights: 'ready', tokensPerPass: 768 },
  { recompute: 'parts', weights: 'ready', tokensPerPass: 512 },
  { recompute: 'layers', weights: 'ready', tokensPerPass: 1024 },
  { recompute: 'layers', weights: 'ready', tokensPerPass: 512 },
  { recompute: 'layers', weights: 'ready', tokensPerPass: 256 },
] as const;

/**
 * The fastest plan that is expected to stay within `budget` bytes; without a budget the fastest of all.
 * @throws InvalidHyperparameterError where no plan does; the message says what the smallest takes.
 */
export function planMemory(
  config: DecoderConfig,
  training: PlannedTraining,
  budget = Number.POSITIVE_INFINITY,
): MemoryPlan {
  const sized = plans.map((plan) => ({ ...plan, bytes: expectedBytes(config, training, plan) }));
  const fitting = sized.find(({ bytes }) => bytes <= budget);
  if (fitting) return fitting;
  const least = Math.min(...sized.map(({ bytes }) => bytes));
  throw new InvalidHyperparameterError({
    parameter: 'memoryBytes',
    message: `This model with examples of up to ${training.longest} tokens cannot be trained in ${gigabytes(budget)}: about ${gigabytes(least)} is the least.`,
    hint: 'Give it more memory, shorten the longest examples, or take a smaller model.',
  });
}

/**
 * Fitted to the measured peaks of SmolLM2-135M, in int8 and float32 (`bench/train-memory.ts`), plus a few per cent; the
 * terms scale with the sizes of the model.
 */
function expectedBytes(
  config: DecoderConfig,
  training: PlannedTraining,
  { recompute, tokensPerPass }: Pick<MemoryPlan, 'recompute' | 'tokensPerPass'>,
): number {
  const { layers, width, heads, keyValueHeads, headWidth, feedForwardWidth, vocabulary } = config;
  const sizes = decoderLayerSizes(config);
  const parameters = decoderTensors(config).reduce(
    (total, { shape }) => total + shape.reduce((product, size) => product * size, 1),
    0,
  );
  const adapter =
    layers *
    training.rank *
    training.targetModules.reduce((total, target) => total + sizes[target].in + sizes[target].out, 0);
  const tokens = Math.max(tokensPerPass, training.longest);
  const ofLayer = 2 * (width + (heads + keyValueHeads) * headWidth + feedForwardWidth);
  const kept = recompute === 'parts' ? layers * ofLayer : layers * width + 2 * ofLayer;
  const labelled = Math.min(1, training.labelledShare) * tokens;
  return (
    // Node and ONNX Runtime.
    660e6 +
    // Four bytes for each weight: float32 once, or int8 for both directions, packed and unpacked.
    4 * parameters +
    // The adapter, its best state, two moments, and the gradients of the pass and of the step, each also in the
    // runtime's memory.
    4 * 10 * adapter +
    4 * 0.9 * kept * tokens +
    // Scores, their softmax and its gradient.
    4 * 2.3 * labelled * vocabulary
  );
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
