import type { ChunkStrategy } from '../chunk/chunker.ts';

/** The config's `chunk`. */
export interface Chunking {
  maxTokens: number;
  overlapTokens: number;
  /** Default: sentence. */
  strategy?: ChunkStrategy;
  childTokens?: number | undefined;
}
