import { NnError, type NnErrorOptions } from './nn-error.ts';

/** The loss or the gradient became infinite or not a number. The adapter of the step before is kept where there is a checkpoint. */
export class TrainingDivergedError extends NnError {
  /** The step that failed, counting from 1. */
  readonly step: number;
  /** The checkpoint with the state before that step, if checkpoints were asked for. */
  readonly checkpoint: string | undefined;

  constructor(options: NnErrorOptions & { step: number; checkpoint?: string | undefined }) {
    super({ ...options, code: 'training_diverged', domain: 'train', category: 'user' });
    this.step = options.step;
    this.checkpoint = options.checkpoint;
  }

  static override isInstance(error: unknown): error is TrainingDivergedError {
    return NnError.isInstance(error) && error.code === 'training_diverged';
  }
}
