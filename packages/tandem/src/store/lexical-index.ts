import type { ChunkTable, ScoredChunk, SearchOptions } from './chunk-table.ts';

/**
 * Full-text search by BM25 (Robertson & Zaragoza 2009) over prepared terms. What is a term is not the store's to say: rows and
 * queries bring theirs, made by one function (`text/terms.ts`), and a store compares them as they are, character by
 * character. It cuts, folds and leaves out nothing, and a row is as long as it has terms.
 */
export interface LexicalIndex extends ChunkTable {
  /**
   * Rows that have one of the terms or more, best first; `score` is BM25's, comparable within one query only. A term that stands
   * twice among `terms` counts twice. No terms find nothing.
   * @throws IndexMissingError when the snapshot's generation has no table.
   */
  searchTerms(terms: readonly string[], options: SearchOptions): Promise<ScoredChunk[]>;
}
