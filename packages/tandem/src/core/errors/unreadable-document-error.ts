import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** Why a document gave no text. */
export type UnreadableReason =
  | 'empty'
  | 'binary'
  | 'scanned'
  | 'encrypted'
  | 'damaged'
  | 'character map'
  | 'front matter'
  | 'too large'
  | 'too slow'
  | 'media type';

/** One document cannot be turned into text. The rest of its source can: ingest reports it and continues. */
export class UnreadableDocumentError extends TandemError {
  readonly uri: string;
  readonly reason: UnreadableReason;

  constructor(options: TandemErrorOptions & { uri: string; reason: UnreadableReason }) {
    super({ ...options, code: 'unreadable_document', domain: 'parse', category: 'user' });
    this.uri = options.uri;
    this.reason = options.reason;
  }

  static override isInstance(error: unknown): error is UnreadableDocumentError {
    return isMarked(error, 'unreadable_document');
  }
}
