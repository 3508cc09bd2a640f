import type { Parts } from '../parts/parts.ts';
import { localTrainer } from './local-trainer.ts';
import type { Trainer } from './trainer.ts';
import { workerTrainer } from './worker/worker-trainer.ts';

/** The trainer of weights on this machine that the config names. (A hosted one has no weights here: see `hosted/`.) */
export function trainerFor({
  settings: { tune },
  models: { network },
  directory,
}: Pick<Parts, 'settings' | 'models' | 'directory'>): Trainer {
  return tune.trainer === 'worker'
    ? workerTrainer({ settings: tune.worker, network, projectDirectory: directory })
    : localTrainer();
}
