import { createHash } from 'node:crypto';
import { sha256OfFile } from '../formats/file-hash.ts';
import { decoderFiles } from '../models/decoder-weights.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { TrainingData } from './training-data.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/** SHA-256 of each of the model's files; undefined for a model in memory. */
export async function hashModelFiles(model: TrainingJob['model']): Promise<string[] | undefined> {
  if (typeof model !== 'string') return undefined;
  const hashes: string[] = [];
  for (const file of await decoderFiles(model)) hashes.push(await sha256OfFile(file));
  return hashes;
}

/**
 * SHA-256 of everything that decides a training's result: model, data and settings. A checkpoint is continued only by a training
 * with the same fingerprint.
 */
export function fingerprintTraining(
  { model, initialAdapter }: TrainingJob | PreferenceTrainingJob,
  files: readonly string[] | undefined,
  data: TrainingData,
  settings: Hyperparameters,
): string {
  const hash = createHash('sha256');
  for (const digest of files ?? []) hash.update(digest);
  if (typeof model !== 'string') hash.update(JSON.stringify(model.config));
  // `maxMinutes` is not part of it: a run that was stopped by the clock may be continued with more time.
  const { maxMinutes: _, ...rest } = settings;
  hash.update(JSON.stringify([data.method, data.train.length, ...Object.entries(rest).sort()]));
  for (const [path, { a, b }] of initialAdapter?.tensors ?? []) hash.update(path).update(a).update(b);
  const sequences =
    data.method === 'sft'
      ? [...data.train, ...data.validation]
      : [...data.train, ...data.validation].flatMap(({ chosen, rejected }) => [chosen, rejected]);
  for (const { tokens, labels } of sequences) {
    hash.update(JSON.stringify([Array.from(tokens), Array.from(labels)]));
  }
  return hash.digest('hex');
}
