import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { defaultChildTokens } from '../chunk/parent-child.ts';
import type { CountTokens } from '../chunk/token-meter.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { defaultChunkTokens } from '../core/settings.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { Chunking } from './chunking.ts';

/**
 * A chunk's limit, counted in the embedder's own tokens: `chunk.maxTokens`, which the embedder's context bounds; of `parent-child` the
 * children are embedded, so there it bounds `chunk.childTokens`. A hosted embedder tells neither its limit nor counts; there three
 * UTF-8 bytes for a token is on the safe side.
 * @throws InvalidInputError where the setting was raised above what the embedder reads. The default of `chunk.maxTokens` is lowered to it.
 */
export function tokenLimits(
  embedder: EmbeddingModelV4,
  { strategy, maxTokens, childTokens }: Omit<Chunking, 'overlapTokens'>,
): { maxTokens: number; countTokens: CountTokens } {
  const tools = localToolsOf(embedder);
  if (!tools) return { maxTokens, countTokens: (text) => Math.ceil(Buffer.byteLength(text) / 3) };
  const { maxDocumentTokens, contextLength } = tools;
  const countTokens = (text: string) => tools.countTokens(text);
  const byParent = strategy === 'parent-child';
  const embedded = byParent ? (childTokens ?? defaultChildTokens(maxTokens)) : maxTokens;
  if (embedded <= maxDocumentTokens) return { maxTokens, countTokens };
  if (!byParent && maxTokens === defaultChunkTokens) return { maxTokens: maxDocumentTokens, countTokens };
  const setting = byParent ? 'chunk.childTokens' : 'chunk.maxTokens';
  throw new InvalidInputError({
    domain: 'index',
    where: setting,
    message: `${setting} is ${embedded}, and the embedder ${embedder.modelId} reads ${maxDocumentTokens} tokens of a text (${contextLength} with its special tokens and prefix).`,
    hint: `Set ${setting} to ${maxDocumentTokens} or less, or choose an embedder that reads longer texts (docs/models.md).`,
  });
}
