/** The data of a training: checked and measured. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import type { LabelledTokens, PreferredTokens } from '../models/decoder-batch.ts';
import type { DecoderConfig } from '../models/decoder-config.ts';
import { readExamples } from './examples.ts';
import type { DataSize } from './hyperparameters.ts';
import type { PlannedTraining } from './memory-plan.ts';
import {
  type Objective,
  preferenceObjective,
  type ReferenceLogProbabilities,
  supervisedObjective,
} from './objective.ts';
import { readPreferences } from './preferences.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/** Examples or preference pairs, for training and for validation. */
export type TrainingData = { size: DataSize; extent: Extent; unit: 'examples' | 'pairs' } & (
  | { method: 'sft'; train: LabelledTokens[]; validation: LabelledTokens[] }
  | { method: 'dpo'; train: PreferredTokens[]; validation: PreferredTokens[] }
);

/**
 * Checks the data of a job.
 * @throws InvalidExampleError naming the first example that cannot be used, InvalidHyperparameterError where there is none.
 */
export function readTrainingData(
  job: TrainingJob | PreferenceTrainingJob,
  config: DecoderConfig,
): TrainingData {
  const missing = (what: string) =>
    new InvalidHyperparameterError({
      parameter: 'preferences' in job ? 'preferences' : 'examples',
      message: `There is no ${what}.`,
      hint: 'Give at least one.',
    });
  const none: ReferenceLogProbabilities = { chosen: new Float32Array(0), rejected: new Float32Array(0) };
  if ('preferences' in job) {
    const train = readPreferences(job.preferences, config, 'Preference pair');
    const validation = readPreferences(job.validation ?? [], config, 'Validation pair');
    if (train.length === 0) throw missing('preference pair');
    const sides = [preferenceObjective(train, none, 1), preferenceObjective(validation, none, 1)] as const;
    return {
      method: 'dpo',
      unit: 'pairs',
      train,
      validation,
      size: sizeOf(...sides),
      extent: extentOf(sides),
    };
  }
  const train = readExamples(job.examples, config, 'Training example');
  const validation = readExamples(job.validation ?? [], config, 'Validation example');
  if (train.length === 0) throw missing('training example');
  const sides = [supervisedObjective(train), supervisedObjective(validation)] as const;
  return {
    method: 'sft',
    unit: 'examples',
    train,
    validation,
    size: sizeOf(...sides),
    extent: extentOf(sides),
  };
}

function sizeOf(train: Objective, validation: Objective): DataSize {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    examples: train.lengths.length,
    labelledTokens: sum(train.labelledTokens),
    tokens: sum(train.tokens),
    validationExamples: validation.lengths.length,
    validationTokens: sum(validation.tokens),
  };
}

/** The data's part in what memory depends on. */
type Extent = Pick<PlannedTraining, 'longest'>;

function extentOf(sides: readonly Objective[]): Extent {
  return {
    longest: sides
      .flatMap(({ lengths }) => lengths)
      .reduce((longest, length) => Math.max(longest, length), 0),
  };
}
