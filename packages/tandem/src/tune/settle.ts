import { type DataSize, defaultsForData } from '@tandem/nn';
import type { Hyperparameters, SettledHyperparameters, TokenisedExample } from './trainer.ts';

/** Epochs, learning rate and patience by the amount of data (see `defaultsForData`), where the config gives none. */
export function settle(
  settings: Hyperparameters,
  train: readonly TokenisedExample[],
  validation: readonly TokenisedExample[],
  method: 'sft' | 'dpo' = 'sft',
): SettledHyperparameters {
  const tokens = (examples: readonly TokenisedExample[]) =>
    examples.reduce((sum, example) => sum + example.tokens.length, 0);
  const size: DataSize = {
    examples: train.length,
    labelledTokens: train.reduce(
      (sum, { labelSpans }) => sum + labelSpans.reduce((labels, [start, end]) => labels + end - start, 0),
      0,
    ),
    tokens: tokens(train),
    validationExamples: validation.length,
    validationTokens: tokens(validation),
  };
  const defaults = defaultsForData(size, {
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
