import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import type { Catalog, IndexState } from '../catalog/catalog.ts';
import { hashJson } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { embedderIdentity } from './embedder-identity.ts';

/**
 * Raise it when parser, chunker or prefix make something else of the same bytes: projects made before then index anew (from
 * cached vectors wherever the embedded text is still the same).
 */
const rulesVersion = 2;

export interface Chunking {
  maxTokens: number;
  overlapTokens: number;
}

/** All that decides which chunks and vectors a document's bytes become, and its hash. */
export async function indexConfiguration(
  embedder: EmbeddingModelV4,
  chunking: Chunking,
  current: IndexState | undefined,
  signal?: AbortSignal,
): Promise<Parameters<Catalog['index']['reset']>[0]> {
  const { hash: embedderHash, name: embedderName } = embedderIdentity(embedder);
  const dimensions =
    localToolsOf(embedder)?.dimensions ??
    (current?.embedderHash === embedderHash ? current.dimensions : await askForDimensions(embedder, signal));
  const { maxTokens, overlapTokens } = chunking;
  const configurationHash = hashJson({ rulesVersion, embedderHash, dimensions, maxTokens, overlapTokens });
  return { configurationHash, embedderHash, embedderName, dimensions };
}

/** A hosted embedder tells the length of its vectors only by making one. */
async function askForDimensions(model: EmbeddingModelV4, signal?: AbortSignal): Promise<number> {
  const { embeddings } = await embedMany({
    model,
    values: ['How many numbers?'],
    providerOptions: { tandem: { role: 'document' } },
    ...(signal && { abortSignal: signal }),
  });
  return embeddings[0]!.length;
}
