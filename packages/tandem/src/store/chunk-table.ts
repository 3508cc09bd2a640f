import type { Chunk } from '../core/types/document.ts';

/**
 * Which rows are looked at. A store shares no transaction with the catalogue, so each row carries the commit that added it
 * and the one that removed it, and the catalogue's `committedSeq` decides: visible when `addedSeq <= seq < removedSeq`.
 */
export interface Snapshot {
  /** Counts index configurations; each has a table of its own, so vectors of two embedders never meet. */
  generation: number;
  seq: number;
}

/**
 * `removedSeq` of a row that was not removed: a number rather than null, so that one comparison tells. The greatest that fits into
 * 32 bits.
 */
export const notRemoved = 2 ** 31 - 1;

/** What the catalogue knows of the index: which table, of which dimensions, and how far it is committed. */
export interface IndexedState {
  generation: number;
  dimensions: number;
  committedSeq: number;
}

/** A chunk as a store gives it back; `addedSeq` is the commit that added it. */
export interface StoredChunk extends Chunk {
  uri: string;
  title: string;
  /** Access label of the document. */
  access: string;
  /** The document's metadata, for filters. */
  metadata?: Record<string, string>;
  addedSeq: number;
}

/** A chunk as it is written into a store: with its vector and the terms it is found by. */
export interface ChunkRow extends Omit<StoredChunk, 'addedSeq'> {
  /**
   * What full-text search compares, in order, each as often as it occurs; of title, names and headings beside the chunk's text.
   * Strings of letters, digits and marks, made by `termsOf`: see `LexicalIndex`.
   */
  terms: readonly string[];
  /** Of the table's dimensions, not all zero. */
  vector: Float32Array;
}

/** Which rows may be found. Conditions that are not given let every row pass. */
export interface ChunkFilter {
  /** Only these; an empty list finds nothing. */
  documentIds?: readonly string[];
  excludeDocumentIds?: readonly string[];
  /** Only rows with one of these labels; absent means every label. Who holds which is resolved by the caller, for each query. */
  access?: readonly string[];
  /** Only rows that have, for each of these keys, this value or one of these values. */
  metadata?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * What is searched and how much comes back. Filter and snapshot are the store's work, done before it ranks: `limit` rows come
 * back when so many pass, however many nearer ones do not.
 */
export interface SearchOptions {
  /** The commit whose rows are searched. */
  at: Snapshot;
  /** Rows that come back at most. */
  limit: number;
  /** Which rows count. Default: all. */
  filter?: ChunkFilter;
  /** Give each chunk's vector with it. */
  withVectors?: boolean;
  signal?: AbortSignal;
}

/** A chunk that a search found. `score` orders the results of one search; its unit is the index's own (cosine, BM25). */
export interface ScoredChunk {
  chunk: StoredChunk;
  score: number;
  vector?: Float32Array;
}

/** How rows are listed. */
export interface ScanOptions {
  /** Give each chunk's vector with it. */
  withVectors?: boolean;
  /** Only each so many-th row, the first among them: a sample from all over the table. Default 1, all rows. */
  every?: number;
  signal?: AbortSignal;
}

/** A row as a scan gives it. */
export interface ScannedChunk {
  chunk: StoredChunk;
  vector?: Float32Array;
}

/**
 * The writing half of a store. Tandem has one writer at a time, who holds the catalogue's lock; writes of two processes at once
 * lose nothing all the same. A lost answer is no harm either: what is written twice is there once.
 *
 * A commit is `add` and `remove` at `seq = committedSeq + 1`, then `flush`, then the catalogue moves `committedSeq`. A
 * process that dies anywhere in between leaves rows that nobody sees and that the next `prepare` takes back.
 */
export interface ChunkTable extends AsyncDisposable {
  /**
   * Brings the store in line with the catalogue: makes the generation's table if it is not there, cannot be read, or has other
   * dimensions, takes back what was never committed, deletes what was removed for good, drops other generations.
   */
  prepare(state: IndexedState): Promise<void>;
  /**
   * A row of the same id and `seq` takes the place of the one before it.
   * @throws DimensionMismatchError when a vector is not of the table's dimensions; none of the rows is written then.
   */
  add(rows: readonly ChunkRow[], at: Snapshot): Promise<void>;
  /** Marks all rows of these documents that are visible before `at.seq` as removed from it on. Apply before `add`. */
  remove(documentIds: readonly string[], at: Snapshot): Promise<void>;
  /** When it resolves, everything written so far survives a power cut. */
  flush(): Promise<void>;
  /** Keeps indices and files in shape; call at the end of an ingest, changed or not. */
  maintain(at: Snapshot): Promise<void>;
  /**
   * `maintain`, and leaves nothing of removed rows in files, indices or old versions, whatever it takes: as far as the store
   * can, see `keepsDeleted`. Absent where it can do nothing of that: what is deleted goes from a disk when its server cleans up.
   */
  purge?(at: Snapshot): Promise<void>;
  /** What a purge does not reach. Absent means nothing where there is `purge`, and 'bytes' where there is none. */
  readonly keepsDeleted?: KeptAfterDeletion | undefined;
  /** Visible rows. 0 when the generation has no table. */
  count(at: Snapshot, filter?: ChunkFilter): Promise<number>;
  /**
   * All visible rows, one after the other: documents in order of their ids (by code points), the rows of each by ordinal. They are read
   * as they are asked for, so that no more than some hundred are in memory, however many there are. What is deleted for good
   * meanwhile may be missing; nothing is given twice.
   * @throws IndexMissingError when the snapshot's generation has no table.
   */
  scan(at: Snapshot, filter?: ChunkFilter, options?: ScanOptions): AsyncIterable<ScannedChunk>;
}

/** 'bytes': rows are deleted, their bytes stay until a server cleans up. 'rows': they stay, and only a filter hides them. */
export type KeptAfterDeletion = 'bytes' | 'rows';

/** What may be left of removed rows when all was done that the store can do. */
export function keptAfterDeletion({ purge, keepsDeleted }: ChunkTable): KeptAfterDeletion | undefined {
  return keepsDeleted ?? (purge ? undefined : 'bytes');
}
