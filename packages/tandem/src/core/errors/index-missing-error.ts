import { isMarked, TandemError } from './tandem-error.ts';

/** There is nothing to search: no ingest has finished a batch yet, or the index on disk was deleted. */
export class IndexMissingError extends TandemError {
  constructor(options: { message: string; hint?: string; domain: string; cause?: unknown }) {
    super({
      hint: 'Ingest the documents; what was embedded before is not embedded again.',
      ...options,
      code: 'index_missing',
      category: 'user',
    });
  }

  static override isInstance(error: unknown): error is IndexMissingError {
    return isMarked(error, 'index_missing');
  }
}
