import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { z } from 'zod';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { EmbedderEngine } from './embedder-engine.ts';
import type { EmbedderOptions } from './embedder-options.ts';
import { loadFolderEmbedder } from './folder-embedder.ts';
import { attachLocalTools, type LocalEmbedderTools } from './local-tools.ts';
import { shareModel } from './shared-model.ts';

/** Which model is loaded, and with how many threads. */
export interface LocalEmbedderOptions extends EmbedderOptions {
  /** A folder with a sentence-transformers model (config.json, tokenizer.json, model.safetensors), or a GGUF file. */
  path: string;
  /** What the model is called in results; the folder's or file's name by default. */
  modelId?: string;
  /** `TANDEM_THREADS` by default, else the machine's cores, four at most. */
  threads?: number;
  /** Where file hashes are remembered; the model cache by default. */
  cacheDirectory?: string;
  signal?: AbortSignal;
}

/** An AI SDK embedding model that holds memory until it is disposed. */
export type LocalEmbedderModel = EmbeddingModelV4 & AsyncDisposable;

const callOptions = z.strictObject({
  /** What the texts are: some models want a prefix for one or both. */
  role: z.enum(['query', 'document']).optional(),
});

/**
 * An embedder on this machine as an AI SDK embedding model: a sentence-transformers folder (BERT, XLM-RoBERTa, ModernBERT) by
 * `@tandem/nn`, or any embedding model as GGUF by llama.cpp. `providerOptions.tandem.role` says whether texts are queries or
 * documents; the prefix that the model wants for it is put before the text: from the options, else the folder's
 * `config_sentence_transformers.json`, else what is known of models by their names (e5, nomic, EmbeddingGemma, Qwen3 …). The
 * weights load once per process and file; dispose every model you open.
 *
 * A text longer than the model reads raises ContextOverflowError: nothing is cut. Errors of the files are `@tandem/nn`'s
 * FileFormatError and UnsupportedModelError, of a GGUF file InvalidInputError.
 *
 * @example
 * const { path } = await fetchModel('local:all-minilm-l6-v2');
 * await using embedder = await openLocalEmbedder({ path });
 * const { embedding } = await embed({ model: embedder, value: 'Everybody has 30 days of leave.' });
 */
export async function openLocalEmbedder(options: LocalEmbedderOptions): Promise<LocalEmbedderModel> {
  const path = resolve(options.path);
  const threads = options.threads ?? defaultThreads();
  const { pooling } = options;
  const held = await shareModel(
    JSON.stringify(['embedder', path, threads, pooling]),
    () => load(path, options),
    (engine) => engine.close(),
  );
  const { model: engine, release } = held;
  // Loading is shared, so that one caller's abort does not stop it.
  if (options.signal?.aborted) {
    await release();
    throw options.signal.reason;
  }
  const tools = toolsOf(engine, options);
  const model: LocalEmbedderModel = {
    specificationVersion: 'v4',
    provider: 'tandem.local',
    modelId: options.modelId ?? basename(path),
    maxEmbeddingsPerCall: Number.POSITIVE_INFINITY,
    supportsParallelCalls: false,
    async doEmbed({ values, abortSignal, providerOptions, dimensions }) {
      if (held.isReleased())
        throw new DisposedError({ what: `The embedder ${model.modelId} was`, domain: 'models' });
      const { role } = readOptions(providerOptions?.tandem);
      const prefix = role === undefined ? '' : tools.prefixes[role];
      const texts = prefix === '' ? values : values.map((value) => prefix + value);
      const counts = texts.map((text) => engine.countTokens(text));
      refuseTooLong(engine, counts);
      const vectors = await engine.embed(texts, abortSignal);
      return {
        embeddings: vectors.map((vector) => Array.from(vector)),
        usage: { tokens: counts.reduce((sum, count) => sum + count, 0) },
        warnings:
          dimensions === undefined || dimensions === engine.dimensions
            ? []
            : [{ type: 'unsupported', feature: 'dimensions', details: `always ${engine.dimensions}` }],
      };
    },
    [Symbol.asyncDispose]: release,
  };
  return attachLocalTools(model, tools);
}

async function load(path: string, options: LocalEmbedderOptions) {
  const { modelId, cacheDirectory, pooling } = options;
  const file = await stat(path).catch(() => undefined);
  const given = {
    path,
    ...(modelId !== undefined && { name: modelId }),
    ...(cacheDirectory !== undefined && { cacheDirectory }),
  };
  if (!file?.isFile()) {
    if (pooling !== undefined) throw poolingOfFolder(path);
    return loadFolderEmbedder({ ...given, threads: options.threads ?? defaultThreads() });
  }
  // Loaded when needed: a project whose embedder is a folder needs no llama.cpp.
  const { loadGgufEmbedder } = await import('./gguf-embedder.ts');
  return loadGgufEmbedder({
    ...given,
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(pooling !== undefined && { pooling }),
  });
}

function poolingOfFolder(path: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where: path,
    message: `The pooling of ${path} was set, and a sentence-transformers folder says itself how it pools.`,
    hint: 'Leave pooling out, or change 1_Pooling/config.json in the folder.',
  });
}

function toolsOf(engine: EmbedderEngine, options: EmbedderOptions): LocalEmbedderTools {
  const { contextLength, specialTokens, baseHash, path, dimensions, pooling } = engine;
  const prefixes = {
    query: options.prefixes?.query ?? engine.prefixes.query,
    document: options.prefixes?.document ?? engine.prefixes.document,
  };
  const languages = options.languages ?? engine.languages;
  return {
    contextLength,
    baseHash,
    path,
    dimensions,
    prefixes,
    maxDocumentTokens: contextLength - specialTokens - engine.countTokens(prefixes.document),
    maxQueryTokens: contextLength - specialTokens - engine.countTokens(prefixes.query),
    ...(languages !== undefined && { languages }),
    ...(pooling !== undefined && { pooling }),
    countTokens: (text) => engine.countTokens(text),
    countUnknown: (text) => engine.countUnknown(text),
  };
}

/** Of local encoders: `TANDEM_THREADS`, else the machine's cores, four at most. */
export function defaultThreads(): number {
  const asked = Number(process.env.TANDEM_THREADS);
  return Number.isInteger(asked) && asked > 0 ? asked : Math.min(4, availableParallelism());
}

function readOptions(given: unknown): z.infer<typeof callOptions> {
  const parsed = callOptions.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'models',
    where: 'providerOptions.tandem',
    message: `providerOptions.tandem is not understood: ${z.prettifyError(parsed.error)}.`,
    hint: 'An embedder takes role, "query" or "document".',
  });
}

function refuseTooLong({ contextLength, specialTokens }: EmbedderEngine, counts: readonly number[]): void {
  const longest = counts.reduce((most, count) => Math.max(most, count), 0) + specialTokens;
  if (longest <= contextLength) return;
  throw new ContextOverflowError({
    what: 'text to embed',
    promptTokens: longest,
    reservedTokens: 0,
    contextLength,
  });
}
