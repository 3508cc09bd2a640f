import type { ChunkTable, ScoredChunk, SearchOptions } from './chunk-table.ts';

/** Full-text search by BM25 (Robertson & Zaragoza 2009). */
export interface LexicalIndex extends ChunkTable {
  /**
   * Best first; `score` is BM25's, comparable within one query only. `query` is plain text: no character in it is an
   * operator, and words are joined by OR. Case, accents and endings do not count. Function words do not either, unless they are
   * written as abbreviations: "What is AS?" finds AS. A query without any other word finds nothing.
   * @throws IndexMissingError when the snapshot's generation has no table.
   */
  searchText(query: string, options: SearchOptions): Promise<ScoredChunk[]>;
}
