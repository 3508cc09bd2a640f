import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { defaultChunkTokens, type SettingsInput, settingsSchema } from '../../core/settings.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { ApiError } from '../http/api-error.ts';
import type { ChunkingRequest } from '../schemas/vector-stores.ts';

/** How a file is cut, as one word: `auto`, or `MOST-OVERLAP` in tokens. What is cut alike lies in one index. */
export type Chunking = string;

export function chunkingOf(request: ChunkingRequest | null | undefined): Chunking {
  if (request?.type !== 'static') return 'auto';
  return `${request.static.max_chunk_size_tokens}-${request.static.chunk_overlap_tokens}`;
}

/** As clients see it. The tokens are the embedder's; one that reads fewer than `auto` has bounds it. */
export function shownChunking(chunking: Chunking) {
  const [most, overlap] = tokensOf(chunking);
  return {
    type: 'static' as const,
    static: { max_chunk_size_tokens: most, chunk_overlap_tokens: overlap },
  };
}

/**
 * The settings that cut so. What the embedder does not read as a whole is searched by its parts (`parent-child`), and then has no overlap.
 * @throws ApiError 400 for chunks that the embedder does not read and that should overlap
 */
export function chunkSettings(chunking: Chunking, embedder: EmbeddingModelV4): SettingsInput['chunk'] {
  if (chunking === 'auto') return {};
  const [maxTokens, overlapTokens] = tokensOf(chunking);
  const reads = localToolsOf(embedder)?.maxDocumentTokens ?? Number.POSITIVE_INFINITY;
  if (maxTokens <= reads) return { maxTokens, overlapTokens };
  if (overlapTokens > 0)
    throw new ApiError(
      400,
      `The embedder ${embedder.modelId} reads ${reads} tokens of a text. Longer chunks are searched by their parts, and cannot overlap: set "chunk_overlap_tokens" to 0, or "max_chunk_size_tokens" to ${reads} or less.`,
      { param: 'chunking_strategy' },
    );
  return {
    strategy: 'parent-child',
    maxTokens,
    overlapTokens,
    childTokens: Math.min(reads, defaultChunkTokens),
  };
}

function tokensOf(chunking: Chunking): [most: number, overlap: number] {
  if (chunking !== 'auto') return chunking.split('-').map(Number) as [number, number];
  const { maxTokens, overlapTokens } = settingsSchema.parse({}).chunk;
  return [maxTokens, overlapTokens];
}
