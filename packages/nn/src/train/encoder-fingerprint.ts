import { createHash } from 'node:crypto';
import path from 'node:path';
import { sha256OfFile } from '../formats/file-hash.ts';
import type { CrossEncoderJob, EmbedderJob } from './encoder-job.ts';

/**
 * SHA-256 of everything that decides a training's result: the model's files, the data and the settings. A checkpoint is
 * continued only by a training with the same fingerprint.
 */
export async function fingerprintEncoderJob(
  job: EmbedderJob | CrossEncoderJob,
  kind: 'embedder' | 'cross-encoder',
  settings: object,
): Promise<string> {
  const { directory, pairs, validation = [], evaluateEverySteps, onTooLong } = job;
  const hash = createHash('sha256');
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    hash.update(await sha256OfFile(path.join(directory, name)));
  }
  const inputs = [
    kind,
    Object.entries(settings).sort(),
    pairs.map(({ query, positive, negatives = [] }) => [query, positive, ...negatives]),
    validation.map(({ query, positive, negatives = [] }) => [query, positive, ...negatives]),
    evaluateEverySteps,
    onTooLong,
  ];
  return hash.update(JSON.stringify(inputs)).digest('hex');
}
