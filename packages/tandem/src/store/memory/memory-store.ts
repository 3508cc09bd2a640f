import { cosine } from '../../core/cosine.ts';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { countTerms } from '../../text/terms.ts';
import { bm25 } from '../bm25.ts';
import {
  type ChunkFilter,
  type ChunkRow,
  type IndexedState,
  notRemoved,
  type ScannedChunk,
  type ScanOptions,
  type ScoredChunk,
  type SearchOptions,
  type Snapshot,
  type StoredChunk,
} from '../chunk-table.ts';
import { checkDimensions } from '../dimensions.ts';
import { metadataPairs, wantedPairs } from '../filter.ts';
import { ranked } from '../ranked.ts';
import { compareCodePoints } from '../scan.ts';
import type { Store } from '../store.ts';

/**
 * A store in this process's memory, gone when it is disposed: for tests, notebooks and throw-away use. Both searches look at every row
 * and are exact; beyond some ten thousand chunks the embedded store is quicker and takes less memory.
 *
 * @example
 * await using tandem = await createTandem({ store: memoryStore, sources: [fromDocuments(documents)] });
 */
export async function memoryStore(): Promise<Store> {
  return new MemoryStore();
}

interface Row {
  chunk: StoredChunk;
  vector: Float32Array;
  terms: ReadonlyMap<string, number>;
  /** Of the text, in terms. */
  length: number;
  pairs: ReadonlySet<string>;
  removedSeq: number;
}

interface Table {
  generation: number;
  dimensions: number;
  /** By id and commit. */
  rows: Map<string, Row>;
}

class MemoryStore implements Store {
  #table: Table | undefined;

  async prepare({ generation, dimensions, committedSeq }: IndexedState): Promise<void> {
    if (this.#table?.generation !== generation || this.#table.dimensions !== dimensions)
      this.#table = { generation, dimensions, rows: new Map() };
    for (const [key, row] of this.#table.rows) {
      if (row.removedSeq !== notRemoved && row.removedSeq > committedSeq) row.removedSeq = notRemoved;
      if (row.chunk.addedSeq > committedSeq || row.removedSeq <= committedSeq) this.#table.rows.delete(key);
    }
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    const table = this.#tableOf(at);
    checkDimensions(rows, table.dimensions);
    for (const { terms, vector, ...chunk } of rows)
      table.rows.set(JSON.stringify([chunk.id, at.seq]), {
        chunk: { ...chunk, addedSeq: at.seq },
        vector: Float32Array.from(vector),
        terms: countTerms(terms),
        length: terms.length,
        pairs: new Set(metadataPairs(chunk.metadata)),
        removedSeq: notRemoved,
      });
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    const gone = new Set(documentIds);
    for (const row of this.#visible({ ...at, seq: at.seq - 1 }))
      if (gone.has(row.chunk.documentId)) row.removedSeq = at.seq;
  }

  async flush(): Promise<void> {}

  async maintain({ generation, seq }: Snapshot): Promise<void> {
    const table = this.#table;
    if (table?.generation !== generation) return;
    for (const [key, { removedSeq }] of table.rows) if (removedSeq <= seq) table.rows.delete(key);
  }

  async purge(at: Snapshot): Promise<void> {
    await this.maintain(at);
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    return this.#visible(at, filter).length;
  }

  async *scan(
    at: Snapshot,
    filter?: ChunkFilter,
    { withVectors = false, every = 1, signal }: ScanOptions = {},
  ): AsyncGenerator<ScannedChunk, void, undefined> {
    this.#tableOf(at);
    const rows = this.#visible(at, filter).sort(
      (a, b) =>
        compareCodePoints(a.chunk.documentId, b.chunk.documentId) || a.chunk.ordinal - b.chunk.ordinal,
    );
    for (const { chunk, vector } of rows.filter((_, place) => place % every === 0)) {
      signal?.throwIfAborted();
      yield { chunk, ...(withVectors && { vector }) };
    }
  }

  async searchVector(vector: Float32Array, options: SearchOptions): Promise<ScoredChunk[]> {
    options.signal?.throwIfAborted();
    checkDimensions([{ vector }], this.#tableOf(options.at).dimensions);
    const rows = this.#visible(options.at, options.filter);
    return best(rows, (row) => cosine(vector, row.vector), options);
  }

  async searchTerms(query: readonly string[], options: SearchOptions): Promise<ScoredChunk[]> {
    options.signal?.throwIfAborted();
    const table = this.#tableOf(options.at);
    // Statistics are of all rows, whatever the filter: a score does not hang on who asks.
    const all = [...table.rows.values()];
    const average = all.reduce((sum, { length }) => sum + length, 0) / Math.max(1, all.length);
    const wanted = [...countTerms(query)].map(([term, times]) => {
      const having = all.filter(({ terms }) => terms.has(term)).length;
      return { term, weight: times * Math.log(1 + (all.length - having + 0.5) / (having + 0.5)) };
    });
    const score = ({ terms, length }: Row) =>
      wanted.reduce((sum, { term, weight }) => {
        const frequency = terms.get(term) ?? 0;
        const norm = bm25.k1 * (1 - bm25.b + (bm25.b * length) / average);
        return sum + (frequency === 0 ? 0 : (weight * frequency) / (frequency + norm));
      }, 0);
    const rows = this.#visible(options.at, options.filter);
    return best(rows, score, options).filter((found) => found.score > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#table = undefined;
  }

  /** @throws IndexMissingError when the snapshot's generation has no table. */
  #tableOf({ generation }: Snapshot): Table {
    if (this.#table?.generation === generation) return this.#table;
    throw new IndexMissingError({
      domain: 'store',
      message: 'The store in memory has nothing of this index.',
      hint: 'Ingest the documents again: a store in memory is gone with its process.',
    });
  }

  #visible({ generation, seq }: Snapshot, filter: ChunkFilter = {}): Row[] {
    if (this.#table?.generation !== generation) return [];
    const wanted = filter.documentIds && new Set(filter.documentIds);
    const unwanted = new Set(filter.excludeDocumentIds);
    const labels = filter.access && new Set(filter.access);
    const pairs = wantedPairs(filter);
    return [...this.#table.rows.values()].filter(
      ({ chunk, removedSeq, pairs: own }) =>
        chunk.addedSeq <= seq &&
        seq < removedSeq &&
        (!wanted || wanted.has(chunk.documentId)) &&
        !unwanted.has(chunk.documentId) &&
        (!labels || labels.has(chunk.access)) &&
        pairs.every((some) => some.some((pair) => own.has(pair))),
    );
  }
}

function best(rows: readonly Row[], scoreOf: (row: Row) => number, { limit, withVectors }: SearchOptions) {
  const scored = rows.map((row) => ({
    chunk: row.chunk,
    score: scoreOf(row),
    ...(withVectors && { vector: row.vector }),
  }));
  return ranked(scored).slice(0, limit);
}
