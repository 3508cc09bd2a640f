import { defaultsForData } from '@tandem/nn';
import { dataSize } from './trained-adapter.ts';
import type { Hyperparameters, SettledHyperparameters, TokenisedExample } from './trainer.ts';

/** Epochs, learning rate and patience by the amount of data (see `defaultsForData`), where the settings give none. */
export function settle(
  settings: Hyperparameters,
  train: readonly TokenisedExample[],
  validation: readonly TokenisedExample[],
  method: 'sft' | 'dpo' = 'sft',
): SettledHyperparameters {
  const defaults = defaultsForData(dataSize(train, validation), {
    method,
    stepSize: settings.batchSize * settings.accumulate,
    epochs: settings.epochs,
  });
  return {
    ...settings,
    epochs: defaults.epochs,
    learningRate: settings.learningRate ?? defaults.learningRate,
    patience: settings.patience ?? defaults.patience,
  };
}
