import { basename, resolve } from 'node:path';
import type { RerankingModelV4 } from '@ai-sdk/provider';
import { CrossEncoder } from '@tandem/nn';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { EmbedderLanguages } from './embedder-languages.ts';
import { defaultThreads } from './local-embedder.ts';
import type { RerankerDeclaration } from './reranker-declaration.ts';
import { shareModel } from './shared-model.ts';

/** Which folder is loaded, and with how many threads. */
export interface LocalRerankerOptions {
  /**
   * A folder as sentence-transformers' CrossEncoder has it, or as `tandem tune --reranker` made it; with `difference` that of the model
   * which it is a difference from.
   */
  path: string;
  /** A safetensors file that makes a cross-encoder of the folder's model. */
  difference?: string;
  /** That it reads, if it is known. */
  languages?: EmbedderLanguages;
  /** Default: the folder's name. */
  modelId?: string;
  /** `TANDEM_THREADS` by default, else the machine's cores, four at most. */
  threads?: number;
}

/** An AI SDK reranking model that holds memory until it is disposed. */
export type LocalRerankerModel = RerankingModelV4 &
  AsyncDisposable & { readonly tandem: RerankerDeclaration };

/**
 * A cross-encoder on this machine, by `@tandem/nn`, as an AI SDK reranking model. What is longer than the model reads is cut at the document's end.
 * Errors of the files are `@tandem/nn`'s FileFormatError and UnsupportedModelError.
 */
export async function openLocalReranker(options: LocalRerankerOptions): Promise<LocalRerankerModel> {
  const directory = resolve(options.path);
  const threads = options.threads ?? defaultThreads();
  const { difference, languages } = options;
  const { model: encoder, ...held } = await shareModel(
    JSON.stringify(['reranker', directory, difference, threads]),
    () => CrossEncoder.load({ directory, threads, ...(difference !== undefined && { difference }) }),
    (loaded) => loaded[Symbol.asyncDispose](),
  );
  const modelId = options.modelId ?? basename(directory);
  return {
    specificationVersion: 'v4',
    provider: 'tandem.local',
    modelId,
    tandem: { scores: encoder.scores, languages },
    async doRerank({ query, documents, topN, abortSignal }) {
      if (held.isReleased())
        throw new DisposedError({ what: `The reranker ${modelId} was`, domain: 'models' });
      if (documents.type !== 'text')
        throw new InvalidInputError({
          domain: 'models',
          where: 'documents',
          message: 'This reranker reads texts, and was given objects.',
          hint: 'Give documents as { type: "text", values: [...] }.',
        });
      const scores = await encoder.score(query, documents.values, {
        onTooLong: 'truncate',
        ...(abortSignal && { signal: abortSignal }),
      });
      const ranking = scores
        .map((relevanceScore, index) => ({ index, relevanceScore }))
        .sort((a, b) => b.relevanceScore - a.relevanceScore || a.index - b.index);
      return { ranking: topN === undefined ? ranking : ranking.slice(0, topN) };
    },
    [Symbol.asyncDispose]: held.release,
  };
}
