import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a job keeps what it trains on, its checkpoints and its adapter: the data folder of a Tandem of its own. */
export interface JobFolder {
  path: string;
  /** Copies of the uploaded files, which are removed when the job has ended. */
  trainingFile: string;
  validationFile: string;
  catalog: string;
}

/** @param folder the server's */
export function jobFolder(folder: string, jobId: string): JobFolder {
  const path = join(jobsIn(folder), jobId);
  return {
    path,
    trainingFile: join(path, 'training.jsonl'),
    validationFile: join(path, 'validation.jsonl'),
    catalog: join(path, 'catalog.sqlite'),
  };
}

export const jobsIn = (folder: string) => join(folder, 'fine-tuning');

/** Removes what was only needed to train. Models stay: the job's own, and those of its checkpoints. */
export async function removeTrainingData({ path, trainingFile, validationFile }: JobFolder): Promise<void> {
  for (const each of [trainingFile, validationFile, join(path, 'training'), join(path, 'datasets')])
    await rm(each, { recursive: true, force: true });
}
