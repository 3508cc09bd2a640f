import type { Chunker, ChunkStrategy } from './chunker.ts';
import { fixedChunker } from './fixed.ts';
import { parentChildChunker } from './parent-child.ts';
import { semanticChunker } from './semantic.ts';
import { sentenceChunker } from './sentence-aware.ts';
import { structuralChunker } from './structural.ts';

/** All ways to cut a document, by the name that `chunk.strategy` has in the config. The first is the default. */
export const chunkers: Readonly<Record<ChunkStrategy, Chunker>> = {
  sentence: sentenceChunker,
  structural: structuralChunker,
  fixed: fixedChunker,
  semantic: semanticChunker,
  'parent-child': parentChildChunker,
};
