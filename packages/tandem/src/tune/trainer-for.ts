import type { Parts } from '../parts/parts.ts';
import { localTrainer } from './local-trainer.ts';
import type { Trainer } from './trainer.ts';
import type { WeightsPlan } from './training-data.ts';
import { workerTrainer } from './worker/worker-trainer.ts';

/** The trainer of weights on this machine that the plan names. (A hosted one has no weights here: see `hosted/`.) */
export function trainerFor(
  { worker }: Pick<WeightsPlan, 'worker'>,
  { models: { network }, directory }: Pick<Parts, 'models' | 'directory'>,
): Trainer {
  return worker ? workerTrainer({ settings: worker, network, projectDirectory: directory }) : localTrainer();
}
