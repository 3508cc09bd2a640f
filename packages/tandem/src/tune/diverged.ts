import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type LoraAdapter, readCheckpoint, SafetensorsFile, TrainingDivergedError } from '@tandem/nn';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Parts } from '../parts/parts.ts';
import { writeAdapter } from './trained-adapter.ts';
import type { TrainedAdapter, TrainingJob } from './trainer.ts';
import type { TrainingPlan } from './training-data.ts';
import { findDivergedRun } from './training-run.ts';

/**
 * Refuses a training that diverged the last time: the same again would come to the same end.
 * @throws InvalidInputError
 */
export async function refuseDivergedTraining(
  { fingerprint, lineage }: Pick<TrainingPlan, 'fingerprint' | 'lineage'>,
  { catalog }: Pick<Parts, 'catalog'>,
): Promise<void> {
  const run = await findDivergedRun(catalog, fingerprint);
  if (!run) return;
  const kept = (await catalog.adapters.list()).find((adapter) => adapter.lineage.runId === run.id);
  const further = kept ? ` and give from ${kept.id} to go on from the best state before it` : '';
  throw new InvalidInputError({
    domain: 'tune',
    where: run.id,
    message: `This very training diverged before, at step ${run.metrics.divergedAtStep} (${run.id}), and would again.`,
    hint: `Set tune.learningRate below ${lineage.hyperparameters.learningRate}${further}; with fresh it is trained all the same.`,
  });
}

/**
 * The same error with what can be done about it. Another learning rate is another training, which begins with nothing or with an
 * adapter; the same one would only come to the same end.
 */
export function divergedError(
  { message, step, examples }: Pick<TrainingDivergedError, 'message' | 'step' | 'examples'>,
  options: {
    /** The setting to lower. */
    setting: 'tune.learningRate' | 'tune.embedder.learningRate' | 'tune.reranker.learningRate';
    learningRate: number;
    /** What was kept, and at which step. */
    adapter?: { id: string; step: number };
    cause?: unknown;
  },
): TrainingDivergedError {
  const { setting, learningRate, adapter, cause } = options;
  const lower = `Set ${setting} below ${learningRate}, or fix what the message names`;
  return new TrainingDivergedError({
    message,
    step,
    examples,
    ...(cause !== undefined && { cause }),
    hint: adapter
      ? `${lower}, and give from ${adapter.id} to go on from the best state before it (step ${adapter.step}).`
      : `${lower}, and train from the start: nothing that was learnt before it is worth keeping.`,
  });
}

/** The best state before a divergence, written as a training writes its result; undefined where nothing had been learnt. */
export async function rescueStateBefore(
  error: TrainingDivergedError,
  job: TrainingJob,
  outputDirectory: string,
): Promise<TrainedAdapter | undefined> {
  const before = await stateBefore(error);
  if (!before) return undefined;
  const { adapter, step, losses, tokens, seconds, validationLoss, validationLossBefore } = before;
  return {
    files: await writeAdapter(adapter, outputDirectory, job),
    steps: step,
    tokens,
    ...(losses.length > 0 && { trainLoss: losses.at(-1)! }),
    ...(validationLossBefore !== undefined && { validationLossBefore }),
    ...(validationLoss !== undefined && { validationLossAfter: validationLoss }),
    seconds,
    tokensPerSecond: seconds > 0 ? tokens / seconds : 0,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** What an adapter's training had come to before it diverged. */
interface StateBefore {
  adapter: LoraAdapter;
  /** Whose weights these are. */
  step: number;
  losses: number[];
  /** Of the training up to its checkpoint. */
  tokens: number;
  seconds: number;
  validationLoss?: number;
  validationLossBefore?: number;
}

/** The best state in the checkpoint that a training left when it diverged; undefined where that is the state it began with. */
async function stateBefore({ checkpoint }: TrainingDivergedError): Promise<StateBefore | undefined> {
  if (checkpoint === undefined || !existsSync(checkpoint)) return undefined;
  const { adapter, step: latest, losses, validation } = await readCheckpoint(dirname(checkpoint));
  await using file = await SafetensorsFile.open(checkpoint);
  const { tokens = 0, seconds = 0 } = JSON.parse(file.metadata.state ?? '{}') as {
    tokens?: number;
    seconds?: number;
  };
  // Of equals the later is kept, as in training.
  const lowest = Math.min(...validation.map(({ loss }) => loss));
  const best = validation.findLast(({ loss }) => loss === lowest);
  const step = best?.step ?? latest;
  if (step === 0) return undefined;
  return {
    adapter,
    step,
    losses: losses.slice(0, step),
    tokens,
    seconds,
    ...(best && { validationLoss: best.loss }),
    ...(validation[0] && { validationLossBefore: validation[0].loss }),
  };
}
