/** Something a source offers: where it is, and a mark that changes whenever its bytes may have changed. */
export interface SourceEntry {
  /** Unique in the source and the same on every listing: what documents and citations are named after. */
  uri: string;
  /** Cheap to get and opaque: equal to the last listing's mark means there is no need to load the entry again. */
  changeMark: string;
  mediaType?: string;
  /** Bytes, where the source knows. */
  size?: number;
}

/** What a listing passed over, with the reason in one sentence. */
export interface SourceProblem {
  /** Ends with `/` where a whole folder could not be listed: what was below it is unknown, not gone. */
  uri: string;
  /** `skipped`: left out on purpose (a kind of file Tandem does not read). `failed`: wanted, but not to be had. */
  kind: 'skipped' | 'failed';
  message: string;
}

export interface ListOptions {
  signal?: AbortSignal;
  onProblem?: (problem: SourceProblem) => void;
}

export interface LoadedEntry {
  bytes: Uint8Array;
  /** Where loading tells more than listing did (an HTTP header). */
  mediaType?: string;
}

/**
 * Where documents come from. A source lists its entries in a stable order and loads one at a time; an entry that cannot
 * be listed goes to `onProblem`, so that one bad file never ends a run. Both throw `SourceError` where the source as a
 * whole, or the entry asked for, is not to be had.
 */
export interface Source {
  readonly id: string;
  list(options?: ListOptions): AsyncIterable<SourceEntry>;
  load(entry: SourceEntry, options?: { signal?: AbortSignal }): Promise<LoadedEntry>;
}
