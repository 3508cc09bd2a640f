import { refuseUnknownNames, requireValid } from './check-settings.ts';
import { type Schedule, schedules } from './schedule.ts';

/** How an embedder or a cross-encoder is trained. */
export interface EncoderHyperparameters {
  /**
   * `full` trains every weight. `lora` trains low-rank changes of all linear layers, which are folded into the weights
   * at the end. Default `full`.
   */
  method: 'full' | 'lora';
  /** Of LoRA, whose product is scaled by alpha / rank. Default: rank 16, alpha 32. */
  rank: number;
  alpha: number;
  /**
   * Of `full`: the number format of the layers' products. `int8` computes outputs and gradients in eight bits, in 0.7
   * of float32's processor time (3.4 s instead of 4.9 for 64 of the clinic's pairs), where the CPU has integer dot
   * products; it is refused where the CPU has none. Default `float32`.
   */
  products: 'float32' | 'int8';
  /** At its peak. Default 5e-5, for LoRA 1e-3. */
  learningRate: number;
  /** Pairs in a step. Default 64 for an embedder (the others in it are its negatives), 16 for a cross-encoder. */
  batchSize: number;
  /** Default 1. */
  epochs: number;
  /** The learning rate after the warm-up: down to zero along a line or half a cosine, or constant. Default `linear`. */
  schedule: Schedule;
  /** Share of the steps over which the learning rate rises. Default 0.1. */
  warmupFraction: number;
  /**
   * Stop when this many measurements of the validation loss in a row were no better than the best before them. The best
   * weights are kept in any case. Default 0: never.
   */
  patience: number;
  /** Gradients are scaled down to this norm over all parameters. Default 1; 0 turns clipping off. */
  maxGradientNorm: number;
  /** Of AdamW: decoupled from the gradient, and on matrices only. Default 0. */
  weightDecay: number;
  /** Decides the order of the examples, and the initial values of new weights. Default 1. */
  seed: number;
}

/**
 * All settings of a training, checked: the given ones, then the defaults.
 * @throws InvalidHyperparameterError for an unknown name or a value out of range.
 */
export function encoderHyperparameters(
  given: Partial<EncoderHyperparameters>,
  /** `own`: the name of the setting that only this kind of training has, and checks itself. */
  defaults: { batchSize: number; own: string },
): EncoderHyperparameters {
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const fallback: EncoderHyperparameters = {
    method: 'full',
    products: 'float32',
    rank: 16,
    alpha: 32,
    learningRate: stated.method === 'lora' ? 1e-3 : 5e-5,
    epochs: 1,
    schedule: 'linear',
    warmupFraction: 0.1,
    maxGradientNorm: 1,
    weightDecay: 0,
    patience: 0,
    seed: 1,
    batchSize: defaults.batchSize,
  };
  refuseUnknownNames(given, [...Object.keys(fallback), defaults.own], 'hyperparameter');
  const settings = { ...fallback, ...stated };
  const hint = 'Change it in the configuration or leave it out for the default.';
  const demand = (name: keyof EncoderHyperparameters, isValid: boolean, range: string) =>
    requireValid(isValid, { kind: 'hyperparameter', name, value: settings[name], range, hint });
  demand('method', ['full', 'lora'].includes(settings.method), '"full" or "lora"');
  demand('products', ['float32', 'int8'].includes(settings.products), '"float32" or "int8"');
  demand(
    'products',
    settings.products === 'float32' || settings.method === 'full',
    '"float32" with the method "lora"',
  );
  demand('schedule', schedules.includes(settings.schedule), schedules.join(', '));
  for (const name of ['rank', 'batchSize'] as const) {
    demand(name, Number.isInteger(settings[name]) && settings[name] >= 1, 'a whole number of at least 1');
  }
  demand('seed', Number.isInteger(settings.seed), 'a whole number');
  for (const name of ['alpha', 'learningRate', 'epochs'] as const) {
    demand(name, Number.isFinite(settings[name]) && settings[name] > 0, 'a number above 0');
  }
  demand('warmupFraction', settings.warmupFraction >= 0 && settings.warmupFraction <= 1, 'between 0 and 1');
  const { patience } = settings;
  demand(
    'patience',
    Number.isInteger(patience) && patience >= 0,
    '0 (never) or a whole number of measurements',
  );
  demand('maxGradientNorm', settings.maxGradientNorm >= 0, '0 (no clipping) or more');
  demand('weightDecay', settings.weightDecay >= 0, '0 or more');
  return settings;
}
