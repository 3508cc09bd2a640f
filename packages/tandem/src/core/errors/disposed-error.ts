import { isMarked, TandemError } from './tandem-error.ts';

/** Something was used after it had been disposed, or disposed while it was used. */
export class DisposedError extends TandemError {
  /** `what` begins the sentence: "The chat model local:x was", "This Tandem was". */
  constructor(options: { what: string; domain?: string; hint?: string; cause?: unknown }) {
    super({
      code: 'disposed',
      domain: options.domain ?? 'runtime',
      category: 'user',
      message: `${options.what} disposed, and cannot be used any more.`,
      hint: options.hint ?? 'Dispose it after the last use, or open another one.',
      cause: options.cause,
    });
  }

  static override isInstance(error: unknown): error is DisposedError {
    return isMarked(error, 'disposed');
  }
}
