/** Checks the options of a job before a thread is started for it: no unknown names, no values out of range. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { refuseUnknownNames, requireValid } from './check-settings.ts';
import type { CrossEncoderJob, EmbedderJob } from './encoder-job.ts';
import type { Job, LogitsJob, LossJob } from './job.ts';
import type { PreferenceTrainingJob, TrainingJob, TrainingSettings } from './training-job.ts';

type Names<T> = Record<keyof T, true>;

const training: Names<TrainingSettings> = {
  model: true,
  hyperparameters: true,
  initialAdapter: true,
  lineage: true,
  evaluateEverySteps: true,
  checkpointDirectory: true,
  checkpointEverySeconds: true,
  resume: true,
  threads: true,
  tokensPerPass: true,
  memoryBytes: true,
};
const supervised: Names<TrainingJob> = { ...training, examples: true, validation: true };
const preferences: Names<PreferenceTrainingJob> = { ...training, preferences: true, validation: true };
const loss: Names<LossJob> = {
  model: true,
  examples: true,
  adapter: true,
  lineage: true,
  threads: true,
  tokensPerPass: true,
};
const logits: Names<LogitsJob> = {
  model: true,
  sequences: true,
  positions: true,
  adapter: true,
  lineage: true,
  threads: true,
};
const encoder: Names<EmbedderJob & CrossEncoderJob> = {
  directory: true,
  outputDirectory: true,
  pairs: true,
  validation: true,
  hyperparameters: true,
  evaluateEverySteps: true,
  onTooLong: true,
  threads: true,
  tokensPerPass: true,
  activationBytes: true,
  checkpointDirectory: true,
  checkpointEverySeconds: true,
  resume: true,
};

/** @throws InvalidHyperparameterError naming the first option that is unknown, missing or out of range. */
export function checkOptions({ kind, job }: Job): void {
  const preferred = kind === 'train' && 'preferences' in job;
  const names = {
    train: preferred ? preferences : supervised,
    loss,
    logits,
    embedder: encoder,
    'cross-encoder': encoder,
  };
  refuseUnknownNames(job, Object.keys(names[kind]), 'option');
  const options: Record<string, unknown> = { ...job };
  const demand = (name: string, range: string, isValid: (value: unknown) => boolean, required = false) => {
    const value = options[name];
    const hint = required ? 'Give it.' : 'Change it, or leave it out for the default.';
    if (value !== undefined) requireValid(isValid(value), { kind: 'option', name, value, range, hint });
    else if (required) {
      throw new InvalidHyperparameterError({
        parameter: name,
        message: `The option ${name} is missing; it must be ${range}.`,
        hint,
      });
    }
  };
  const isPath = (value: unknown) => typeof value === 'string' && value !== '';
  if (kind === 'embedder' || kind === 'cross-encoder') {
    demand('directory', "the path of a model's folder", isPath, true);
    demand('outputDirectory', 'the path of a folder', isPath, true);
    demand('pairs', 'a list of pairs', Array.isArray, true);
  } else {
    const isModel = (value: unknown) => isPath(value) || (typeof value === 'object' && value !== null);
    demand('model', 'the path of a model, or a model in memory', isModel, true);
    if (kind === 'logits') demand('sequences', 'a list of sequences', Array.isArray, true);
    else if (preferred) demand('preferences', 'a list of pairs', Array.isArray, true);
    else demand('examples', 'a list of examples', Array.isArray, true);
  }
  demand('positions', 'a list of positions for each sequence', Array.isArray);
  demand('validation', 'a list', Array.isArray);
  for (const name of ['threads', 'tokensPerPass', 'evaluateEverySteps']) {
    demand(name, 'a whole number of at least 1', (value) => Number.isInteger(value) && Number(value) >= 1);
  }
  demand('checkpointEverySeconds', '0 or more', (value) => typeof value === 'number' && value >= 0);
  for (const name of ['memoryBytes', 'activationBytes']) {
    demand(name, 'a number of bytes', (value) => typeof value === 'number' && value >= 0);
  }
  demand('checkpointDirectory', 'the path of a folder', isPath);
  demand('resume', 'true or false', (value) => typeof value === 'boolean');
  demand('onTooLong', '"throw" or "truncate"', (value) => value === 'throw' || value === 'truncate');
  demand('hyperparameters', 'an object', (value) => typeof value === 'object' && value !== null);
}
