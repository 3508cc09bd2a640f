import type { Parts } from '../parts/parts.ts';
import type { Trainer, TrainingJob } from './trainer.ts';
import type { WeightsPlan } from './training-data.ts';
import { countParameters, trainingSpeed } from './training-speed.ts';
import type { TuneEstimate } from './tune-options.ts';

/** What a training on this machine will take: the trainer's figures, and minutes by the speed of earlier trainings here. */
export async function estimateTraining(
  { catalog, settings }: Pick<Parts, 'catalog' | 'settings'>,
  trainer: Trainer,
  {
    job,
    lineage,
  }: { job: TrainingJob; lineage: Pick<WeightsPlan['lineage'], 'baseHash' | 'baseParameters'> },
): Promise<TuneEstimate> {
  const { steps, tokens, memoryBytes, money, basis } = await trainer.estimate(job);
  const speed = trainingSpeed(await catalog.adapters.list(), {
    baseHash: lineage.baseHash,
    parameters: lineage.baseParameters ?? (await countParameters(job.baseFile)),
    trainer: settings.tune.trainer,
    frozenPrecision: job.hyperparameters.frozenPrecision,
    method: job.preferences ? 'dpo' : 'sft',
  });
  const needed = tokens / speed.tokensPerSecond / 60;
  const budget = job.hyperparameters.maxMinutes;
  return {
    examples: job.train.length,
    tokens,
    steps,
    minutes: budget === undefined ? needed : Math.min(needed, budget),
    memoryBytes,
    money,
    basis: `${speed.basis}${budget !== undefined && needed > budget ? `; stopped at ${budget} minutes, with the schedule fitted to it` : ''}${basis ? `; ${basis}` : ''}`,
  };
}
