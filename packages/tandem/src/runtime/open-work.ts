import { DisposedError } from '../core/errors/disposed-error.ts';

/** The work that uses the parts, so that they are not closed before it has ended. */
export class OpenWork {
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  #hasEnded = false;

  /** @throws DisposedError when nothing new may begin. */
  check(): undefined {
    this.#closing.signal.throwIfAborted();
  }

  /** For what running work needs to end cleanly. @throws DisposedError when all of it has ended. */
  checkOpen(): void {
    if (this.#hasEnded) this.check();
  }

  /** Runs a task that ends when `signal` aborts, or when the parts are disposed. */
  async run<Result>(task: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    this.check();
    const { signal: closing } = this.#closing;
    const running = task(signal ? AbortSignal.any([signal, closing]) : closing);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      // A task that is stopped by the disposal throws its own error, which does not name the reason.
      if (closing.aborted && !signal?.aborted) throw closing.reason;
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Stops what is running, and waits for its end. */
  async end(): Promise<void> {
    this.#closing.abort(new DisposedError({ what: 'This Tandem was' }));
    await Promise.allSettled(this.#running);
    this.#hasEnded = true;
  }
}
