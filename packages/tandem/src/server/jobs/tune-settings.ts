import type { SettingsInput } from '../../core/settings.ts';
import type { TuneOptions } from '../../tune/tune-options.ts';
import type { TuningMethod } from '../schemas/fine-tuning.ts';
import type { SettledTraining } from './job.ts';

/** Longer than any context: what an example may have is the model's to say. */
const anyLength = 1_000_000;

/**
 * A job's hyperparameters as settings of `tune`:
 *
 * - `n_epochs`: `epochs`, all of them trained; `auto`: by the amount of data (1 to 5), and ended early where the validation loss no longer falls
 * - `batch_size`: examples in a step (`batchSize`); `auto`: 4
 * - `learning_rate_multiplier`: times the rate that follows from the amount of data (5e-4 up to 500,000 learnt tokens, then falling; a tenth of
 *   that for dpo); `auto`: 1
 * - `beta`: `beta`; `auto`: 0.1
 * - `seed`: `seed`, of the adapter's first values and the order of the examples
 */
export function tuneSettingsFor(
  method: TuningMethod,
  seed: number,
): { settings: NonNullable<SettingsInput['tune']>; options: Pick<TuneOptions, 'learningRateMultiplier'> } {
  const { n_epochs, batch_size, learning_rate_multiplier, beta } = hyperparametersIn(method);
  return {
    settings: {
      seed,
      maxLength: anyLength,
      ...(typeof n_epochs === 'number' && { epochs: n_epochs, patience: 0 }),
      ...(typeof batch_size === 'number' && { batchSize: batch_size }),
      ...(typeof beta === 'number' && { beta }),
    },
    options: {
      ...(typeof learning_rate_multiplier === 'number' && {
        learningRateMultiplier: learning_rate_multiplier,
      }),
    },
  };
}

type Known = number | 'auto';

export function hyperparametersIn(method: TuningMethod): {
  n_epochs: Known;
  batch_size: Known;
  learning_rate_multiplier: Known;
  beta?: Known;
} {
  return method.type === 'dpo' ? method.dpo.hyperparameters : method.supervised.hyperparameters;
}

/** The method with what was settled in the place of `auto`. */
export function settledMethod(method: TuningMethod, settled: SettledTraining | null): TuningMethod {
  if (!settled) return method;
  const known = {
    n_epochs: settled.epochs,
    batch_size: settled.batchSize,
    learning_rate_multiplier: settled.learningRateMultiplier,
  };
  if (method.type === 'supervised') return { type: 'supervised', supervised: { hyperparameters: known } };
  const { beta } = method.dpo.hyperparameters;
  return { type: 'dpo', dpo: { hyperparameters: { ...known, beta: beta === 'auto' ? 0.1 : beta } } };
}
