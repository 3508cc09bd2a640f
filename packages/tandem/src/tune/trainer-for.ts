import type { Config } from '../core/config.ts';
import { localTrainer } from './local-trainer.ts';
import type { Trainer } from './trainer.ts';
import { workerTrainer } from './worker/worker-trainer.ts';

/** The trainer of weights on this machine that the config names. (A hosted one has no weights here: see `hosted/`.) */
export function trainerFor(config: Config, projectDirectory: string): Trainer {
  return config.tune.trainer === 'worker'
    ? workerTrainer({ settings: config.tune.worker, network: config.network, projectDirectory })
    : localTrainer();
}
