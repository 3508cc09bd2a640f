import { isMarked, TandemError } from './tandem-error.ts';

/** A file of the search index on this machine is gone, or has other bytes than were written. */
export class IndexDamagedError extends TandemError {
  /** The index's folder: what is in it is derived from the documents, and can go. */
  readonly path: string;

  constructor({ path, ...options }: { path: string; domain: string; cause?: unknown }) {
    super({
      ...options,
      code: 'index_damaged',
      category: 'system',
      message: `The search index in ${path} is damaged: a file of it is missing or cannot be read.`,
      hint: `Delete the folder ${path} and ingest again; what was embedded before is not embedded again.`,
    });
    this.path = path;
  }

  static override isInstance(error: unknown): error is IndexDamagedError {
    return isMarked(error, 'index_damaged');
  }
}
