import { TrainingDivergedError } from '../errors/training-diverged-error.ts';

/** The sentence for a step without a number, whatever was trained. */
export function divergence(of: {
  /** The step that failed, counting from 1. */
  step: number;
  /** All that the step was made of, and what of it has no finite loss or gradient when run alone. */
  chosen: readonly number[];
  culprits: readonly number[];
  /** What each of them is called. */
  noun: string;
  learningRate: number;
  /** The file of the last state saved. */
  checkpoint: string | undefined;
  /** The state that failed is the one in the checkpoint, which this sitting went on from. */
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
    ? `It had gone on from the state in ${checkpoint}: begin anew, without resume.`
    : `The last good state is kept in ${checkpoint}.`;
  return new TrainingDivergedError({
    step,
    examples: culprits,
    checkpoint,
    message: `Training diverged at step ${step}: the loss or its gradient is no longer a number, in ${where}.`,
    hint: checkpoint ? `${advice} ${kept}` : advice,
  });
}
