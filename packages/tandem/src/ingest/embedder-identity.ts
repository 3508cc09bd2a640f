import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { sha256 } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';

/**
 * Tells embedders apart: vectors of two of them cannot be compared. A local one is its weights, wherever they lie and
 * whatever they are called; of a hosted one only the name is known.
 */
export function embedderIdentity(embedder: EmbeddingModelV4): { hash: string; name: string } {
  const name = `${embedder.provider}:${embedder.modelId}`;
  return { hash: localToolsOf(embedder)?.baseHash ?? sha256(name), name };
}
