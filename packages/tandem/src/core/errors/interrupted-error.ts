import { isMarked, TandemError } from './tandem-error.ts';

/** Someone stopped the work (Ctrl-C, an aborted signal). What was finished is kept; `message` says how far it came. */
export class InterruptedError extends TandemError {
  constructor(options: { message: string; domain: string; cause?: unknown }) {
    super({
      ...options,
      code: 'interrupted',
      category: 'user',
      hint: 'Run the same command again: it goes on from where it stopped.',
    });
  }

  static override isInstance(error: unknown): error is InterruptedError {
    return isMarked(error, 'interrupted');
  }
}
