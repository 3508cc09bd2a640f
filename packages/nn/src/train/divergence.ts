import { TrainingDivergedError } from '../errors/training-diverged-error.ts';

/** The error for a step whose loss or gradient is not a finite number, in any kind of training. */
export function divergenceError(of: {
  /** The step that failed, counting from 1. */
  step: number;
  /** All items of the step, and those of them that have no finite loss or gradient when run alone. */
  chosen: readonly number[];
  culprits: readonly number[];
  /** What an item is called. */
  noun: string;
  learningRate: number;
  /** Path of the last checkpoint. */
  checkpoint: string | undefined;
  /** Whether the failed state is the one in the checkpoint, from which this process continued. */
  resumedHere: boolean;
}): TrainingDivergedError {
  const { step, chosen, culprits, noun, learningRate, checkpoint } = of;
  const all = culprits.length === chosen.length;
  const named = `${noun}${culprits.length === 1 ? '' : 's'} ${culprits.join(', ')}`;
  const where =
    culprits.length === 0
      ? `the sum over ${noun}s ${chosen.join(', ')}`
      : `${all && chosen.length > 1 ? 'all of its examples: ' : ''}${named}`;
  const lower = `ower the learning rate (it was ${learningRate}).`;
  const advice =
    culprits.length === 0 || (all && chosen.length > 1) ? `L${lower}` : `Look at ${named}, or l${lower}`;
  const kept = of.resumedHere
    ? `It had continued from the state in ${checkpoint}: start from the beginning, without resume.`
    : `The last good state is kept in ${checkpoint}.`;
  return new TrainingDivergedError({
    step,
    examples: culprits,
    checkpoint,
    message: `Training diverged at step ${step}: the loss or its gradient is no longer a number, in ${where}.`,
    hint: checkpoint ? `${advice} ${kept}` : advice,
  });
}
