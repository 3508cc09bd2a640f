import { isMarked, TandemError } from './tandem-error.ts';

/** A step that was inserted into an answer threw, returned something that cannot be part of an answer, or did not end in time. */
export class StepError extends TandemError {
  /** The step's name. */
  readonly step: string;
  /** What the steps before it had given. Plain data in the form of `AnswerState`. */
  readonly state: unknown;

  constructor(options: { step: string; message: string; hint?: string; state: unknown; cause?: unknown }) {
    super({ ...options, code: 'step_failed', domain: 'answer', category: 'user' });
    this.step = options.step;
    this.state = options.state;
  }

  static override isInstance(error: unknown): error is StepError {
    return isMarked(error, 'step_failed');
  }
}
