/** Fits a training to the memory that it may use. */
import { totalmem } from 'node:os';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { type DecoderConfig, type DecoderModel, decoderLayerSizes } from '../models/decoder-config.ts';
import { openDecoder } from '../models/decoder-weights.ts';
import type { LoraTarget } from '../models/lora-adapter.ts';

/** How a training uses memory. */
export interface MemoryPlan {
  /**
   * What the backward computes again instead of keeping it: norms and activation functions (`parts`), or everything but
   * the input of each layer (`layers`).
   */
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
  /** What `bytes` is made of. */
  parts: MemoryParts;
}

/** Bytes of a training, by what needs them. */
export interface MemoryParts {
  /** Node, ONNX Runtime, the file's header, and pieces of logits. */
  runtime: number;
  /** The frozen weights. */
  weights: number;
  /** The adapter, its gradient, AdamW's two moments, the best state so far, and a copy for the checkpoint. */
  adapter: number;
  /** What layers keep for the backward. */
  activations: number;
  /** Of one layer at a time. */
  working: number;
}

/** What the memory of a training depends on, apart from its model. */
export interface PlannedTraining {
  rank: number;
  targetModules: readonly LoraTarget[];
  /** Default `float32`. */
  frozenPrecision?: 'float32' | 'int8';
  /** Tokens of the longest example, which goes through in one pass with any plan. */
  longest: number;
  /** Bytes of the model's matrices as they are stored; default: as float32. See {@link readStoredSize}. */
  stored?: StoredSize;
}

/** Bytes of matrices as a file stores them. */
export interface StoredSize {
  /** The embeddings and the head. */
  tables: number;
  layers: number;
}

/**
 * From the fastest to the smallest. Fewer tokens in a pass cost little time; computing layers again costs a quarter of
 * the speed, and making weights ready each time another quarter.
 */
const plans = [
  { recompute: 'parts', weights: 'ready', tokensPerPass: 1024 },
  { recompute: 'parts', weights: 'ready', tokensPerPass: 768 },
  { recompute: 'parts', weights: 'ready', tokensPerPass: 512 },
  { recompute: 'layers', weights: 'ready', tokensPerPass: 1024 },
  { recompute: 'layers', weights: 'ready', tokensPerPass: 512 },
  { recompute: 'layers', weights: 'blocks', tokensPerPass: 1024 },
  { recompute: 'layers', weights: 'blocks', tokensPerPass: 512 },
  { recompute: 'layers', weights: 'blocks', tokensPerPass: 256 },
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
  const sized = plans.map((plan): MemoryPlan => {
    const parts = expectedParts(config, training, plan);
    return { ...plan, bytes: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
  });
  const fitting = sized.find(({ bytes }) => bytes <= budget);
  if (fitting) return fitting;
  const least = Math.min(...sized.map(({ bytes }) => bytes));
  throw new InvalidHyperparameterError({
    parameter: 'memoryBytes',
    message: `This model with examples of up to ${training.longest} tokens cannot be trained in ${gigabytes(budget)}: about ${gigabytes(least)} is the least.`,
    hint: 'Give it more memory, shorten the longest examples, or take a smaller model.',
  });
}

/** The stored size of a model, for {@link planMemory}. Errors are those of `readDecoderConfig`. */
export async function readStoredSize(model: string | DecoderModel): Promise<StoredSize> {
  await using decoder = await openDecoder(model);
  const size = { tables: 0, layers: 0 };
  for (const tensor of decoder.tensors) {
    if (tensor.shape.length < 2) continue;
    size[tensor.name.startsWith('model.layers.') ? 'layers' : 'tables'] += decoder.storedBytes(tensor);
  }
  return size;
}

/** All memory that this process could ever have: a plan that depended on what is free could not be resumed. */
export function machineMemory(): number {
  // 0, or more than there is, where no limit is set.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Counted where it can be counted; the working memory is fitted to measured peaks (`bench/train-memory.ts`) plus a few
 * per cent, in terms that scale with the sizes of the model.
 */
function expectedParts(
  config: DecoderConfig,
  training: PlannedTraining,
  { recompute, weights, tokensPerPass }: Pick<MemoryPlan, 'recompute' | 'weights' | 'tokensPerPass'>,
): MemoryParts {
  const { layers, width, heads, keyValueHeads, headWidth, feedForwardWidth, vocabulary, tiedHead } = config;
  const integers = training.frozenPrecision === 'int8';
  const sizes = Object.values(decoderLayerSizes(config));
  const layer = sizes.reduce((total, { out, in: into }) => total + out * into, 0);
  const stored = training.stored ?? {
    tables: 4 * vocabulary * width * (tiedHead ? 1 : 2),
    layers: 4 * layer * layers,
  };
  const ready = integers ? layer * (layers - 1) + 4 * layer : 4 * layer * layers;
  // One layer made ready, in float32 and in integers.
  const blocks = stored.layers + (integers ? 5 : 4) * layer;
  const adapter =
    layers *
    training.rank *
    training.targetModules.reduce((total, target) => {
      const { out, in: into } = decoderLayerSizes(config)[target];
      return total + out + into;
    }, 0);
  const tokens = Math.max(tokensPerPass, training.longest);
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];
  // The input of each layer; else also what attention and feed-forward keep, the latter in halves with integers.
  const ofLayer =
    recompute === 'parts'
      ? 4 * (2 * width + 2 * queries + 2 * keys) + (integers ? 4 : 8) * feedForwardWidth
      : 4 * width;
  return {
    runtime: 480e6,
    weights: stored.tables + (weights === 'ready' ? ready : blocks),
    adapter: 4 * 6 * adapter,
    activations: tokens * (layers * ofLayer + 4 * width),
    working:
      4 * tokens * ((recompute === 'parts' ? 22 : 14) * feedForwardWidth + 18 * width) +
      // A quarter of the scores, their softmax and gradients.
      6 * heads * tokens ** 2 +
      // An adapter is folded into float32 weights.
      2 * 4 * width * feedForwardWidth,
  };
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
