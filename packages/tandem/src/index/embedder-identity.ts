import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { sha256 } from '../core/hash.ts';
import { localToolsOf } from '../models/local-tools.ts';

/**
 * Identifies an embedder: vectors of two embedders cannot be compared, and cached ones are found by it. A local one is its weights,
 * wherever they lie and whatever they are called, what it puts before a document's text, and a pooling other than its own; of a
 * hosted one only the name is known.
 */
export function embedderIdentity(embedder: EmbeddingModelV4): { hash: string; name: string } {
  const name = `${embedder.provider}:${embedder.modelId}`;
  const tools = localToolsOf(embedder);
  if (!tools) return { hash: sha256(name), name };
  const { baseHash, prefixes, pooling } = tools;
  const changes = [prefixes.document, ...(pooling === undefined ? [] : [`pooling: ${pooling}`])].join('\n');
  return { hash: changes === '' ? baseHash : sha256(`${baseHash}\n${changes}`), name };
}
