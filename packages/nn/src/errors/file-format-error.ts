import { NnError, type NnErrorOptions } from './nn-error.ts';

/** A file is missing, cut short, damaged, or not of the format it should have. */
export class FileFormatError extends NnError {
  readonly path: string;

  constructor(options: NnErrorOptions & { path: string }) {
    super({ ...options, code: 'file_format', domain: 'formats', category: 'user' });
    this.path = options.path;
  }

  static override isInstance(error: unknown): error is FileFormatError {
    return NnError.isInstance(error) && error.code === 'file_format';
  }
}
