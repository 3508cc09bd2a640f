import { type LoraTarget, loraTargets } from '../models/lora-adapter.ts';
import { refuseUnknownNames, requireValid } from './check-settings.ts';
import { type Schedule, schedules } from './schedule.ts';

/** How a LoRA adapter is trained. */
export interface Hyperparameters {
  /** Default 16. */
  rank: number;
  /** The adapter is scaled by alpha / rank. Default 32. */
  alpha: number;
  /**
   * The share of A's inputs that is zeroed in training, while the rest is scaled up by 1 / (1 − dropout), as PEFT's
   * `lora_dropout`. Projections that read the same input share the zeros. This costs time: the adapter can then not be
   * folded into the weights. Default 0.
   */
  dropout: number;
  /**
   * The number format of the products with the frozen weights. `float32` (default) is the reference. `int8` rounds
   * activations, gradients and weights to eight bits with a scale for each row and column: 1.3 to 1.4 times as fast
   * where the CPU has integer dot products (AVX-512 VNNI and later, Arm), and refused where it has none. Losses, on the
   * validation data too, are then measured in int8.
   */
  frozenPrecision: 'float32' | 'int8';
  /** At its peak. Default: by the amount of data, see {@link defaultsForData}. */
  learningRate: number;
  /** The learning rate after its rise: down to zero along half a cosine (default) or a line, or constant. */
  schedule: Schedule;
  /**
   * A step has batchSize · accumulate examples; its loss is the mean over all of their labelled tokens. Default 4 · 1.
   */
  batchSize: number;
  accumulate: number;
  /** Default: by the amount of data. */
  epochs: number;
  /** Share of the steps over which the learning rate rises. Default 0.05. */
  warmupFraction: number;
  /**
   * Stop when this many measurements of the validation loss in a row were no better than the best before them; 0 never
   * stops early. The best adapter is returned in any case. Default: by the amount of data.
   */
  patience: number;
  /** Gradients are scaled down to this norm over all tensors. Default 1; 0 turns clipping off. */
  maxGradientNorm: number;
  /** Of AdamW: decoupled from the gradient. Default 0. */
  weightDecay: number;
  /** Default: all seven. */
  targetModules: LoraTarget[];
  /** Decides the adapter's initial values, the order of the examples, and what dropout zeroes. Default 1. */
  seed: number;
  /**
   * Only for preferences: how strongly the model is held to what it was before training; larger stays closer. Default
   * 0.1, as in Rafailov et al. 2023 and TRL.
   */
  beta: number;
  /**
   * Stop after this many minutes, everything included. The number of steps, and with it the schedule, is estimated
   * again after each step from the time of the steps so far. The result then depends on the machine's speed; without
   * this option it does not.
   */
  maxMinutes?: number;
}

/** The defaults that do not depend on the data. */
export const defaultHyperparameters = {
  rank: 16,
  alpha: 32,
  dropout: 0,
  frozenPrecision: 'float32',
  schedule: 'cosine',
  batchSize: 4,
  accumulate: 1,
  warmupFraction: 0.05,
  maxGradientNorm: 1,
  weightDecay: 0,
  targetModules: [...loraTargets] as LoraTarget[],
  seed: 1,
  beta: 0.1,
} as const satisfies Partial<Hyperparameters>;

const byAmount = { learningRate: true, epochs: true, patience: true, maxMinutes: true };
const hyperparameterNames = Object.keys({ ...defaultHyperparameters, ...byAmount } satisfies Record<
  keyof Hyperparameters,
  unknown
>);

/** How much data a training has. */
export interface DataSize {
  /** Examples, or preference pairs. */
  examples: number;
  labelledTokens: number;
  /** Of all examples, without padding. */
  tokens: number;
  validationExamples: number;
  validationTokens: number;
}

/**
 * Defaults that depend on the amount of data. Rules of thumb, not measurements:
 *
 * - `epochs`: as many as make 200 steps, between 1 and 5. An adapter needs some hundreds of updates to learn a form;
 *   when it sees an example more than five times it learns it by heart.
 * - `learningRate`: 5e-4 for at most 500,000 labelled tokens (over all epochs), then falling with the square root of
 *   their number down to 1e-4: many small steps reach further than the first few large ones. For preferences a tenth of
 *   that, because their loss still falls when the text is learnt.
 * - `evaluations`, measurements of the validation loss after the first: at most 8, and at least 2, so few that
 *   validation takes less than a tenth of the training's time (reading a token costs a third of training on it).
 * - `patience`: 3 evaluations where examples are seen more than once and there are at least 6 evaluations. Else 0, no
 *   early stop: in a single epoch every step is on examples not seen before.
 */
export function defaultsForData(
  size: DataSize,
  {
    method,
    stepSize,
    epochs: given,
  }: { method: 'sft' | 'dpo'; stepSize: number; epochs?: number | undefined },
): { epochs: number; learningRate: number; evaluations: number; patience: number } {
  const epochs = given ?? Math.min(5, Math.max(1, Math.ceil((200 * stepSize) / size.examples)));
  const learnt = size.labelledTokens * epochs;
  const learningRate = Math.max(1e-4, 5e-4 * Math.min(1, Math.sqrt(500_000 / learnt)));
  const affordable = Math.floor((0.3 * size.tokens * epochs) / Math.max(1, size.validationTokens));
  const evaluations = Math.min(8, Math.max(2, affordable));
  return {
    epochs,
    learningRate: method === 'dpo' ? learningRate / 10 : learningRate,
    evaluations,
    patience: size.validationExamples > 0 && epochs > 1 && evaluations >= 6 ? 3 : 0,
  };
}

/**
 * All settings of a training, checked: the given ones, then the defaults by the amount of data, then the fixed
 * defaults.
 * @throws InvalidHyperparameterError for an unknown name or a value out of range.
 */
export function hyperparametersFor(
  given: Partial<Hyperparameters>,
  size: DataSize,
  method: 'sft' | 'dpo',
): { settings: Hyperparameters; evaluations: number } {
  refuseUnknownNames(given, hyperparameterNames, 'hyperparameter');
  const defined = definedOnly(given);
  const { batchSize, accumulate } = { ...defaultHyperparameters, ...defined };
  const { evaluations, ...bySize } = defaultsForData(size, {
    method,
    stepSize: batchSize * accumulate,
    epochs: defined.epochs,
  });
  return {
    settings: checkHyperparameters({ ...defaultHyperparameters, ...bySize, ...defined }),
    evaluations,
  };
}

function checkHyperparameters(settings: Hyperparameters): Hyperparameters {
  const hint = 'Change it in the configuration or leave it out for the default.';
  const demand = (name: keyof Hyperparameters, isValid: boolean, range: string) =>
    requireValid(isValid, { kind: 'hyperparameter', name, value: settings[name], range, hint });
  for (const name of ['rank', 'batchSize', 'accumulate'] as const) {
    demand(name, Number.isInteger(settings[name]) && settings[name] >= 1, 'a whole number of at least 1');
  }
  demand('seed', Number.isInteger(settings.seed), 'a whole number');
  for (const name of ['alpha', 'learningRate', 'epochs', 'beta'] as const) {
    demand(name, Number.isFinite(settings[name]) && settings[name] > 0, 'a number above 0');
  }
  demand('dropout', settings.dropout >= 0 && settings.dropout < 1, 'at least 0 and below 1');
  demand('frozenPrecision', ['float32', 'int8'].includes(settings.frozenPrecision), 'float32 or int8');
  demand('schedule', schedules.includes(settings.schedule), `one of ${schedules.join(', ')}`);
  demand('warmupFraction', settings.warmupFraction >= 0 && settings.warmupFraction <= 1, 'between 0 and 1');
  const { patience } = settings;
  demand(
    'patience',
    Number.isInteger(patience) && patience >= 0,
    '0 (never) or a whole number of evaluations',
  );
  demand('maxGradientNorm', settings.maxGradientNorm >= 0, '0 (no clipping) or more');
  demand('weightDecay', settings.weightDecay >= 0, '0 or more');
  if (settings.maxMinutes !== undefined) demand('maxMinutes', settings.maxMinutes > 0, 'a number above 0');
  const known: readonly string[] = loraTargets;
  demand(
    'targetModules',
    Array.isArray(settings.targetModules) &&
      settings.targetModules.length > 0 &&
      settings.targetModules.every((target) => known.includes(target)),
    `one or more of ${loraTargets.join(', ')}`,
  );
  return settings;
}

function definedOnly<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
