import { NnError, type NnErrorOptions } from './nn-error.ts';

/**
 * The loss or the gradient became infinite or not a number. Where there is a checkpoint, it holds the last good state.
 */
export class TrainingDivergedError extends NnError {
  /** The step that failed, counting from 1. */
  readonly step: number;
  /** The examples (or pairs) of that step that have no finite loss or gradient, by their places in the list given. */
  readonly examples: readonly number[];
  /** The checkpoint with the last state known to be good, if checkpoints were asked for. */
  readonly checkpoint: string | undefined;

  constructor(
    options: NnErrorOptions & { step: number; examples: readonly number[]; checkpoint?: string | undefined },
  ) {
    super({ ...options, code: 'training_diverged', domain: 'train', category: 'user' });
    this.step = options.step;
    this.examples = options.examples;
    this.checkpoint = options.checkpoint;
  }

  static override isInstance(error: unknown): error is TrainingDivergedError {
    return NnError.isInstance(error) && error.code === 'training_diverged';
  }
}
