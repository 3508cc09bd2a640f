import { ApiError } from '../http/api-error.ts';

/** How much may wait. */
export interface QueueLimits {
  /** Requests of all callers together that may wait for one model. */
  waiting: number;
  /** Of these, requests of one caller. */
  waitingOfCaller: number;
}

interface Waiting {
  caller: string;
  start(): void;
}

/**
 * One model's requests, one after another: a model on this machine answers one prompt at a time. Callers take turns, so that one who sends a
 * hundred delays another by one. What finds no room is refused at once, with the time after which it is worth trying again.
 */
export class ModelQueue {
  readonly #limits: QueueLimits;
  /** Callers in the order of their next turn, each with what it waits for. */
  readonly #waiting = new Map<string, Waiting[]>();
  #running = false;
  /** Mean seconds of a request, the latest counting most. */
  #seconds = 2;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** How many wait. */
  get length(): number {
    return [...this.#waiting.values()].reduce((sum, own) => sum + own.length, 0);
  }

  /**
   * Runs `work` when it is its turn.
   * @throws ApiError 429 where too many wait
   * @throws the signal's reason where it is aborted before its turn
   */
  async run<T>(caller: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(caller, signal);
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds = 0.8 * this.#seconds + 0.2 * ((performance.now() - started) / 1000);
      this.#startNext();
    }
  }

  async #turn(caller: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#running) {
      this.#running = true;
      return;
    }
    const own = this.#waiting.get(caller) ?? [];
    if (own.length >= this.#limits.waitingOfCaller || this.length >= this.#limits.waiting)
      throw new ApiError(
        429,
        own.length >= this.#limits.waitingOfCaller
          ? `${own.length} requests of this key wait for the model already. Try again when some are answered.`
          : `${this.length} requests wait for the model already. Try again later.`,
        { code: 'rate_limit_exceeded', retryAfter: Math.max(1, Math.ceil((own.length + 1) * this.#seconds)) },
      );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { caller, start: resolve };
    const leave = () => {
      this.#remove(waiting);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#waiting.set(caller, [...own, waiting]);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  #startNext(): void {
    const next = this.#waiting.entries().next().value;
    if (!next) {
      this.#running = false;
      return;
    }
    const [caller, [first, ...rest]] = next;
    // To the end of the round.
    this.#waiting.delete(caller);
    if (rest.length > 0) this.#waiting.set(caller, rest);
    first!.start();
  }

  #remove(gone: Waiting): void {
    const own = (this.#waiting.get(gone.caller) ?? []).filter((waiting) => waiting !== gone);
    if (own.length > 0) this.#waiting.set(gone.caller, own);
    else this.#waiting.delete(gone.caller);
  }
}
