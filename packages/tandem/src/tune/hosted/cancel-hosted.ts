import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parts } from '../../parts/parts.ts';
import { hostedTrainer, jobUnderWay } from './hosted-trainer.ts';

/** Ends the fine-tuning jobs that are under way at providers, and takes the uploaded examples back. Returns the jobs' ids. */
export async function cancelHosted(
  parts: Pick<Parts, 'settings' | 'models' | 'dataDirectory' | 'whileOpen'>,
): Promise<string[]> {
  return parts.whileOpen(() => cancelAll(parts));
}

async function cancelAll({
  settings,
  models,
  dataDirectory,
}: Pick<Parts, 'settings' | 'models' | 'dataDirectory'>): Promise<string[]> {
  const root = join(dataDirectory, 'training');
  if (!existsSync(root)) return [];
  const cancelled: string[] = [];
  for (const name of await readdir(root)) {
    const checkpointDirectory = join(root, name);
    const known = await jobUnderWay(checkpointDirectory);
    if (!known) continue;
    const reached = models.connection(`${known.provider}:${known.model}`);
    if (!reached) continue;
    await hostedTrainer(reached.connection, settings.tune.hosted).cancel?.({ checkpointDirectory });
    await rm(checkpointDirectory, { recursive: true, force: true });
    cancelled.push(known.jobId ?? known.trainingFile ?? name);
  }
  return cancelled;
}
