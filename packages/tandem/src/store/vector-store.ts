import type { ChunkTable, ScoredChunk, SearchOptions } from './chunk-table.ts';

/** Nearest neighbours by cosine. */
export interface VectorStore extends ChunkTable {
  /**
   * Best first; `score` is the cosine similarity in [-1, 1]. Exact for small tables, approximate (recall ≥ .99) above.
   * @throws IndexMissingError when the snapshot's generation has no table.
   * @throws DimensionMismatchError when the vector is not of the table's dimensions.
   */
  searchVector(vector: Float32Array, options: SearchOptions): Promise<ScoredChunk[]>;
}
