import { isMarked, TandemError } from './tandem-error.ts';

/** Another process is writing to the same thing. Nothing was changed. */
export class LockedError extends TandemError {
  /** Process id of the holder, where it could be read. */
  readonly heldBy: number | undefined;

  constructor(options: { message: string; hint: string; heldBy?: number; domain: string; cause?: unknown }) {
    super({ ...options, code: 'locked', category: 'user' });
    this.heldBy = options.heldBy;
  }

  static override isInstance(error: unknown): error is LockedError {
    return isMarked(error, 'locked');
  }
}
