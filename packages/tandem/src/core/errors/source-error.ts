import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** A source cannot be listed, or one of its entries cannot be loaded (gone, no permission). `uri` is the entry or the source's path. */
export class SourceError extends TandemError {
  readonly uri: string;

  constructor(options: TandemErrorOptions & { uri: string }) {
    super({ ...options, code: 'source', domain: 'sources', category: 'user' });
    this.uri = options.uri;
  }

  static override isInstance(error: unknown): error is SourceError {
    return isMarked(error, 'source');
  }
}
