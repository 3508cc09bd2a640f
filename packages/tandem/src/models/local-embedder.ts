import { basename, resolve } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { BertEncoder } from '@tandem/nn';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { cacheDirectory as defaultCacheDirectory, stampedSha256 } from './fetch/cache.ts';
import { attachLocalTools, type LocalEmbedderTools } from './local-tools.ts';

export interface LocalEmbedderOptions {
  /** A sentence-transformers folder. */
  path: string;
  modelId?: string;
  /** Default 2. */
  threads?: number;
  /** Where file hashes are remembered; the model cache by default. */
  cacheDirectory?: string;
  signal?: AbortSignal;
}

export type LocalEmbedderModel = EmbeddingModelV4 & AsyncDisposable;

/**
 * A BERT embedder on this machine, by `@tandem/nn`, as an AI SDK embedding model. Vectors have length 1. A text longer than the
 * model reads is an error, never cut. The models known here read queries and documents alike, so a role changes nothing.
 */
export async function openLocalEmbedder(options: LocalEmbedderOptions): Promise<LocalEmbedderModel> {
  const path = resolve(options.path);
  const encoder = await BertEncoder.load({ directory: path, threads: options.threads ?? 2 });
  const baseHash = await stampedSha256(`${path}/model.safetensors`, {
    cacheDirectory: options.cacheDirectory ?? defaultCacheDirectory(),
    ...(options.signal && { signal: options.signal }),
  });
  const tools: LocalEmbedderTools = {
    contextLength: encoder.maxTokens,
    baseHash,
    path,
    dimensions: encoder.dimensions,
    countTokens: (text) => encoder.countTokens(text),
  };
  const model: LocalEmbedderModel = {
    specificationVersion: 'v4',
    provider: 'tandem.local',
    modelId: options.modelId ?? basename(path),
    maxEmbeddingsPerCall: Number.POSITIVE_INFINITY,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal }) {
      const tooLong = values.findIndex((value) => encoder.countTokens(value) > encoder.maxTextTokens);
      if (tooLong !== -1) {
        throw new InvalidInputError({
          domain: 'models',
          where: `text ${tooLong}`,
          message: `A text of ${encoder.countTokens(values[tooLong]!)} tokens is too long for the embedder, which reads ${encoder.maxTextTokens}.`,
          hint: 'Shorten the question, or cut the text into chunks first.',
        });
      }
      const vectors = await encoder.embed(values, { ...(abortSignal && { signal: abortSignal }) });
      const tokens = values.reduce((sum, value) => sum + encoder.countTokens(value), 0);
      return { embeddings: vectors.map((vector) => Array.from(vector)), usage: { tokens }, warnings: [] };
    },
    [Symbol.asyncDispose]: () => encoder[Symbol.asyncDispose](),
  };
  return attachLocalTools(model, tools);
}
