import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type LoraAdapter, readCheckpoint, SafetensorsFile, TrainingDivergedError } from '@tandem/nn';

/** What an adapter's training had come to before it diverged. */
export interface StateBefore {
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
export async function stateBefore({ checkpoint }: TrainingDivergedError): Promise<StateBefore | undefined> {
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

/**
 * The same error with what can be done about it. Another learning rate is another training, which begins with nothing or with an
 * adapter; the same command would only come to the same end.
 */
export function divergedError(
  error: TrainingDivergedError,
  options: {
    /** The config's key. */
    setting: 'tune.learningRate' | 'tune.embedder.learningRate' | 'tune.reranker.learningRate';
    learningRate: number;
    /** What was kept. */
    adapter?: { id: string; step: number } | undefined;
  },
): TrainingDivergedError {
  const { setting, learningRate, adapter } = options;
  const { message, step, examples } = error;
  const lower = `Set ${setting} below ${learningRate}, or fix what the message names`;
  return new TrainingDivergedError({
    message,
    step,
    examples,
    cause: error,
    hint: adapter
      ? `${lower}, and go on from the best state before it (step ${adapter.step}): tandem tune --from ${adapter.id}.`
      : `${lower}, and train anew: nothing that was learnt before it is worth keeping.`,
  });
}
