import { NnError, type NnErrorOptions } from './nn-error.ts';

/** A checkpoint belongs to another training: other examples, hyperparameters or base model. */
export class CheckpointMismatchError extends NnError {
  readonly path: string;

  constructor(options: NnErrorOptions & { path: string }) {
    super({ ...options, code: 'checkpoint_mismatch', domain: 'train', category: 'user' });
    this.path = options.path;
  }

  static override isInstance(error: unknown): error is CheckpointMismatchError {
    return NnError.isInstance(error) && error.code === 'checkpoint_mismatch';
  }
}
