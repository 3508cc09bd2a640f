import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { dot } from '../core/cosine.ts';
import type { Passage } from '../core/types/document.ts';
import { embedQueries } from '../retrieve/search/embed-query.ts';

/**
 * How near in meaning each sentence of an answer is to each passage: by sentence, cosines in the passages' order. The question is put before the
 * sentence, since "30 seconds." means nothing by itself.
 */
export async function sentenceCosines(
  sentences: readonly string[],
  { question, passages }: { question: string; passages: readonly Passage[] },
  { embedder, signal }: { embedder: EmbeddingModelV4; signal?: AbortSignal | undefined },
): Promise<Map<string, number[]>> {
  if (sentences.length === 0 || passages.length === 0) return new Map();
  const vectors = await embedQueries(
    embedder,
    [...sentences.map((sentence) => `${question} ${sentence}`), ...passages.map(({ text }) => text)],
    signal,
  );
  const ofPassages = vectors.slice(sentences.length);
  return new Map(
    sentences.map((sentence, at) => [sentence, ofPassages.map((own) => dot(vectors[at]!, own))]),
  );
}
