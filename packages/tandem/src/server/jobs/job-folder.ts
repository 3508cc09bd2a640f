import { constants } from 'node:fs';
import { copyFile, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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

/**
 * Makes the folder with copies of the uploaded files. When it returns they survive a power cut, as the job that is written down next does.
 * @param from paths of the uploaded files
 */
export async function fillFolder(
  { path, trainingFile, validationFile }: JobFolder,
  from: { training: string; validation?: string | undefined },
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await copyFlushed(from.training, trainingFile);
  if (from.validation !== undefined) await copyFlushed(from.validation, validationFile);
  await flush(path);
  await flush(dirname(path));
}

async function copyFlushed(from: string, to: string): Promise<void> {
  // Shares the bytes where the disk can.
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await flush(to);
}

/** A file's bytes, or the names in a folder. Windows opens no folders, and keeps names by itself. */
async function flush(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(path, 'r');
  await handle.sync();
}
