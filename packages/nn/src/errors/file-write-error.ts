import { NnError, type NnErrorOptions } from './nn-error.ts';

/** A file could not be written; what was at `path` before is still there, whole. */
export class FileWriteError extends NnError {
  readonly path: string;

  constructor(options: NnErrorOptions & { path: string }) {
    super({ ...options, code: 'file_write', domain: 'formats', category: 'user' });
    this.path = options.path;
  }

  static override isInstance(error: unknown): error is FileWriteError {
    return NnError.isInstance(error) && error.code === 'file_write';
  }
}
