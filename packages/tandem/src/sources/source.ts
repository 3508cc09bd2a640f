import type { ProgressListener } from '../core/progress.ts';
import type { Reading } from '../core/reading.ts';

/** Something a source offers: where it is, and a mark that changes whenever its bytes may have changed. */
export interface SourceEntry {
  /** Unique in the source and the same on every listing: what documents and citations are named after. */
  uri: string;
  /** Cheap to get and opaque: equal to the last listing's mark means there is no need to load the entry again. */
  changeMark: string;
  mediaType?: string;
  /** Bytes, where the source knows. */
  size?: number;
  /** Access label. Given on every listing, so that a new label is noticed although the bytes are the same. */
  access?: string;
  /** How its bytes are to be read. Part of `changeMark`: a file that is to be read in another way has changed. */
  reading?: Reading;
}

/** What a listing passed over, with the reason in one sentence. */
export interface SourceProblem {
  /** Ends with `/` where a whole folder could not be listed: what was below it is unknown, not gone. */
  uri: string;
  /** `skipped`: left out on purpose (a kind of file Tandem does not read). `failed`: wanted, but could not be read. */
  kind: 'skipped' | 'failed';
  message: string;
}

/** What a source is given when it is asked for its documents. */
export interface ListOptions {
  signal?: AbortSignal;
  /** Reports something that could not be listed; the listing continues with the rest. */
  onProblem?: (problem: SourceProblem) => void;
  /** A crawl takes minutes before its first entry. */
  onProgress?: ProgressListener;
  /**
   * The change mark under which the caller already holds this uri, so that a source that sees the bytes while it
   * lists need not keep them for `load`. Absent: nothing is held.
   */
  known?: (uri: string) => Promise<string | undefined> | string | undefined;
}

/** A document as its source gives it: bytes that are parsed by their media type. */
export interface LoadedEntry {
  bytes: Uint8Array;
  /** Where loading tells more than listing did (an HTTP header). */
  mediaType?: string;
}

/**
 * Where documents come from. A source lists its entries in a stable order and loads one at a time, or several at once if
 * asked to; an entry that cannot be listed goes to `onProblem`, so that one bad file never ends a run. What a complete
 * listing does not name, and no `failed` problem covers, is gone. Both throw `SourceError` where the source as a whole, or
 * the entry asked for, cannot be read.
 *
 * Entries are loaded between two listings of the same source object: what a source had to read to list (a crawled page, a
 * page of an API) it may keep until then, on disk. The code that made a source disposes of it, where it can be disposed of.
 */
export interface Source extends Partial<AsyncDisposable> {
  readonly id: string;
  list(options?: ListOptions): AsyncIterable<SourceEntry>;
  load(entry: SourceEntry, options?: { signal?: AbortSignal }): Promise<LoadedEntry>;
  /**
   * Calls `onChange` after anything in the source may have changed, with the uri of what changed (none when the watch
   * begins), until the signal aborts; resolves then. Only for sources that are notified of changes; others have to be listed
   * again.
   */
  watch?(options: { signal: AbortSignal; onChange: (uri?: string) => void }): Promise<void>;
}
