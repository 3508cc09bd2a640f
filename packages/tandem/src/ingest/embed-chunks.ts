import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import type { EmbeddingCache } from '../catalog/catalog.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { sha256 } from '../core/hash.ts';

export interface EmbedOptions {
  cache: EmbeddingCache;
  embedder: EmbeddingModelV4;
  embedderHash: string;
  dimensions: number;
  signal?: AbortSignal;
  /** After each call to the embedder: how many of the texts have their vector now. */
  onEmbedded?: (done: number) => void;
}

/**
 * Texts to vectors, in order. What was embedded before comes from the cache, equal texts are embedded once, and each call's
 * vectors are in the cache before the next call: whatever happens, no work is done twice. `hashes` are the cache's keys.
 * Texts go sorted by length, so that a call's texts are of one length and little of it is padding.
 */
export async function embedTexts(
  texts: readonly string[],
  options: EmbedOptions,
): Promise<{ vectors: Float32Array[]; hashes: string[]; embedded: number; fromCache: number }> {
  const { cache, embedder, embedderHash, signal } = options;
  const hashes = texts.map((text) => sha256(text));
  const vectors = await cache.get(embedderHash, [...new Set(hashes)]);
  const fromCache = hashes.filter((hash) => vectors.has(hash)).length;
  const missing = [...new Map(texts.map((text, i) => [hashes[i]!, text]))]
    .filter(([hash]) => !vectors.has(hash))
    .sort(([, a], [, b]) => a.length - b.length);

  const count = (await embedder.maxEmbeddingsPerCall) ?? textsPerCall;
  const perCall = Math.min(count, textsPerCall);
  let embedded = 0;
  options.onEmbedded?.(fromCache);
  for (let from = 0; from < missing.length; from += perCall) {
    signal?.throwIfAborted();
    const call = missing.slice(from, from + perCall);
    const { embeddings } = await embedMany({
      model: embedder,
      values: call.map(([, text]) => text),
      providerOptions: { tandem: { role: 'document' } },
      ...(signal && { abortSignal: signal }),
    });
    const entries = call.map(([textHash], i) => ({
      textHash,
      vector: checkVector(embeddings[i], options),
    }));
    await cache.put(embedderHash, entries);
    for (const { textHash, vector } of entries) vectors.set(textHash, vector);
    embedded += entries.length;
    options.onEmbedded?.(hashes.filter((hash) => vectors.has(hash)).length);
  }
  return { vectors: hashes.map((hash) => vectors.get(hash)!), hashes, embedded, fromCache };
}

/** Enough to fill two cores, few enough that an interruption loses less than a second's work. */
const textsPerCall = 32;

/** A vector that is not all numbers would be found by no query, or by every one, without a hint why. */
function checkVector(embedding: number[] | undefined, { dimensions, embedder }: EmbedOptions): Float32Array {
  const vector = Float32Array.from(embedding ?? []);
  const what =
    vector.length !== dimensions
      ? `of ${vector.length} numbers instead of ${dimensions}`
      : !vector.every(Number.isFinite)
        ? 'with a number that is not finite'
        : vector.every((value) => value === 0)
          ? 'of zeros only'
          : undefined;
  if (what === undefined) return vector;
  throw new TandemError({
    code: 'bad_embedding',
    domain: 'ingest',
    category: 'thirdParty',
    message: `The embedder ${embedder.provider}:${embedder.modelId} gave a vector ${what}.`,
    hint: 'Check that the configured model is an embedding model; after it changed, ingest again.',
  });
}
