import { type ChunkTable, keptAfterDeletion, type SearchOptions } from './chunk-table.ts';
import type { LexicalIndex } from './lexical-index.ts';
import type { VectorStore } from './vector-store.ts';

/**
 * A vector store without full text and a lexical index, as one store. Both hold all rows, and both show a commit or do not by
 * the same number, so that a process which dies between the two leaves nothing half visible. What is counted is what both have:
 * where one lost rows, an ingest sees too few and writes the index anew.
 */
export function pairStores(vectors: VectorStore, lexical: LexicalIndex): VectorStore & LexicalIndex {
  const both = async (work: (table: ChunkTable) => Promise<void>) => {
    await work(vectors);
    await work(lexical);
  };
  const kept = [keptAfterDeletion(vectors), keptAfterDeletion(lexical)];
  return {
    prepare: (state) => both((table) => table.prepare(state)),
    add: (rows, at) => both((table) => table.add(rows, at)),
    remove: (documentIds, at) => both((table) => table.remove(documentIds, at)),
    flush: () => both((table) => table.flush()),
    maintain: (at) => both((table) => table.maintain(at)),
    // What can be purged is, though the other half may keep what it deleted: that is told beside it.
    purge: (at) => both((table) => (table.purge ? table.purge(at) : table.maintain(at))),
    keepsDeleted: kept.includes('rows') ? 'rows' : kept.find(Boolean),
    count: async (at, filter) =>
      Math.min(...(await Promise.all([vectors.count(at, filter), lexical.count(at, filter)]))),
    scan: (at, filter, options) => lexical.scan(at, filter, options),
    searchVector: (vector: Float32Array, options: SearchOptions) => vectors.searchVector(vector, options),
    searchTerms: (terms: readonly string[], options: SearchOptions) => lexical.searchTerms(terms, options),
    async [Symbol.asyncDispose]() {
      await using closing = new AsyncDisposableStack();
      closing.use(lexical);
      closing.use(vectors);
    },
  };
}
