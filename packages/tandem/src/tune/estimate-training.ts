import type { Parts } from '../parts/parts.ts';
import type { Trainer, TrainingJob } from './trainer.ts';
import type { TuneEstimate } from './tune-options.ts';

/** Tokens a second on a laptop of two cores, where nothing was trained before: a guess, and said to be one. */
const firstGuess = 150;

/** What a training on this machine will take: the trainer's figures, and minutes by the speed of the last training here. */
export async function estimateTraining(
  parts: Pick<Parts, 'catalog'>,
  trainer: Trainer,
  job: TrainingJob,
): Promise<TuneEstimate> {
  const { steps, tokens, memoryBytes, money, basis } = await trainer.estimate(job);
  const earlier = (await parts.catalog.adapters.list()).find(
    ({ lineage, metrics }) => (lineage.trainer ?? 'local') === trainer.name && metrics.tokensPerSecond > 0,
  )?.metrics.tokensPerSecond;
  const needed = tokens / (earlier ?? firstGuess) / 60;
  const budget = job.hyperparameters.maxMinutes;
  return {
    examples: job.train.length,
    tokens,
    steps,
    minutes: budget === undefined ? needed : Math.min(needed, budget),
    memoryBytes,
    money,
    basis: `${earlier ? `${earlier.toFixed(0)} tokens a second, as in the last training here` : `${firstGuess} tokens a second, a guess before the first training on this machine`}${budget !== undefined && needed > budget ? `; stopped at ${budget} minutes, with the schedule fitted to it` : ''}${basis ? `; ${basis}` : ''}`,
  };
}
