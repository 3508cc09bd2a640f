import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { CountTokens } from '../chunk/token-meter.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { Chunking } from './chunking.ts';

/** Counts in the embedder's own tokens; a hosted one gives no counts, and three UTF-8 bytes for a token is on the safe side. */
export function tokenLimits(
  embedder: EmbeddingModelV4,
  { maxTokens }: Chunking,
): { maxTokens: number; countTokens: CountTokens } {
  const tools = localToolsOf(embedder);
  if (!tools) return { maxTokens, countTokens: (text) => Math.ceil(Buffer.byteLength(text) / 3) };
  // Two for the special tokens around a text, which the tools do not count.
  return {
    maxTokens: Math.min(maxTokens, tools.contextLength - 2),
    countTokens: (text) => tools.countTokens(text),
  };
}
