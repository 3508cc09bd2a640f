import { isMarked, TandemError } from './tandem-error.ts';

/** A vector of one embedder met the index of another. Nothing was written. */
export class DimensionMismatchError extends TandemError {
  readonly expected: number;
  readonly actual: number;

  constructor(options: { expected: number; actual: number; domain: string }) {
    super({
      code: 'dimension_mismatch',
      domain: options.domain,
      category: 'user',
      message: `A vector of ${options.actual} dimensions was given to an index of ${options.expected}.`,
      hint: 'Use the embedder that the index was made with, or ingest again, which embeds the documents with this one.',
    });
    this.expected = options.expected;
    this.actual = options.actual;
  }

  static override isInstance(error: unknown): error is DimensionMismatchError {
    return isMarked(error, 'dimension_mismatch');
  }
}
