import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** The Python process that trains could not be started, or ended unexpectedly. */
export class WorkerError extends TandemError {
  constructor(options: TandemErrorOptions) {
    super({ ...options, code: 'worker', domain: 'tune', category: 'thirdParty' });
  }

  static override isInstance(error: unknown): error is WorkerError {
    return isMarked(error, 'worker');
  }
}
