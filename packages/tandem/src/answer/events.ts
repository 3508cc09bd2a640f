import type { Answer, Citation, Claim } from '../core/types/answer.ts';

/** What happens while an answer is made, in order. */
export type AnswerEvent =
  | { type: 'step-start'; step: string }
  /** Milliseconds that the step took. */
  | { type: 'step-end'; step: string; milliseconds: number }
  /**
   * A piece of the reply as it is written; together they are `Answer.raw`. Where a project asks for JSON, pieces of the JSON. Where `answer.onUnsupported` is
   * anything but `mark` it is one piece, `Answer.text`, once it is checked.
   */
  | { type: 'text'; text: string }
  /** A sentence is complete and names a source. The finished answer has each of these, and those of its last sentence. */
  | { type: 'citation'; citation: Citation }
  /** What the text says and whether the sources do, one by one, once the whole of it is checked. */
  | { type: 'claim'; claim: Claim }
  /** The last event of an answer that was finished. */
  | { type: 'answer'; answer: Answer };

/** An answer under way. It is made whether or not the events are read. */
export interface AnswerStream {
  /** Can be read once. Ends after `answer`, or throws what `result` rejects with. Leaving the loop stops nothing: abort the signal for that. */
  events: AsyncIterable<AnswerEvent>;
  result: Promise<Answer>;
}

/** Runs work that emits events, and gives their stream and the result. The work begins at once. */
export function streamOf(work: (emit: (event: AnswerEvent) => void) => Promise<Answer>): AnswerStream {
  const queue = new EventQueue<AnswerEvent>();
  const result = work((event) => queue.push(event));
  result.then(
    (answer) => {
      queue.push({ type: 'answer', answer });
      queue.end();
    },
    // The error goes to the reader of the events and to the one who awaits the result; a caller need not do both.
    (error: unknown) => queue.fail(error),
  );
  return { events: queue, result };
}

/**
 * A queue of events. What is not read yet waits here (an answer is small), so that a slow reader, or one
 * that stopped, does not hold up the answer.
 */
export class EventQueue<Event> implements AsyncIterableIterator<Event> {
  #waiting: Event[] = [];
  #ended = false;
  #failure: { error: unknown } | undefined;
  #abandoned = false;
  #wake: (() => void) | undefined;

  push(event: Event): void {
    if (this.#ended || this.#abandoned) return;
    this.#waiting.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Event>> {
    for (;;) {
      if (this.#abandoned) return { done: true, value: undefined };
      const event = this.#waiting.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.#failure) {
        const { error } = this.#failure;
        this.#failure = undefined;
        throw error;
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A reader that leaves its loop: what it has not read is dropped. */
  async return(): Promise<IteratorResult<Event>> {
    this.#abandoned = true;
    this.#waiting = [];
    this.#wake?.();
    return { done: true, value: undefined };
  }
}
