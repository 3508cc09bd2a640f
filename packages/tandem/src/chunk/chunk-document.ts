import type { Document } from '../core/types/document.ts';
import type { ChunkOptions, ChunkStrategy } from './chunker.ts';
import { chunkers } from './chunkers.ts';
import type { EmbeddableChunk } from './embedded-text.ts';

export type { ChunkOptions } from './chunker.ts';

/** Cuts a document in the way that `strategy` names; without it, sentence-aware. `Chunker` says what all strategies have in common. */
export function chunkDocument(
  document: Document,
  options: ChunkOptions & { strategy?: ChunkStrategy },
): Promise<EmbeddableChunk[]> {
  const { strategy = 'sentence', ...rest } = options;
  return chunkers[strategy].chunk(document, rest);
}
