import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { BertEncoder, TextTooLongError } from '@tandem/nn';
import { z } from 'zod';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { cacheDirectory, stampedSha256 } from './fetch/cache.ts';
import { attachLocalTools, type LocalEmbedderTools } from './local-tools.ts';
import { shareModel } from './shared-model.ts';

/** Which folder is loaded, and with how many threads. */
export interface LocalEmbedderOptions {
  /** A folder with a sentence-transformers model: config.json, tokenizer.json, model.safetensors. */
  path: string;
  /** What the model is called in results; the folder's name by default. */
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
 * A BERT embedder on this machine, by `@tandem/nn`, as an AI SDK embedding model. `providerOptions.tandem.role` says
 * whether texts are queries or documents; where the model's `config_sentence_transformers.json` names prompts for them,
 * they are put before the text. The weights load once per process and folder; dispose every model you open.
 *
 * A text longer than the model reads raises ContextOverflowError: nothing is cut. Errors of the files are
 * `@tandem/nn`'s FileFormatError and UnsupportedModelError.
 *
 * @example
 * const { path } = await fetchModel('local:all-minilm-l6-v2');
 * await using embedder = await openLocalEmbedder({ path });
 * const { embedding } = await embed({ model: embedder, value: 'Everybody has 30 days of leave.' });
 */
export async function openLocalEmbedder(options: LocalEmbedderOptions): Promise<LocalEmbedderModel> {
  const directory = resolve(options.path);
  const threads = options.threads ?? defaultThreads();
  const held = await shareModel(
    JSON.stringify(['embedder', directory, threads]),
    () => BertEncoder.load({ directory, threads }),
    (encoder) => encoder[Symbol.asyncDispose](),
  );
  const { model: encoder, release } = held;
  try {
    const prompts = await readPrompts(directory);
    const baseHash = await stampedSha256(join(directory, 'model.safetensors'), {
      cacheDirectory: options.cacheDirectory ?? cacheDirectory(),
      ...(options.signal && { signal: options.signal }),
    });
    const tools: LocalEmbedderTools = {
      contextLength: encoder.maxTokens,
      baseHash,
      path: directory,
      dimensions: encoder.dimensions,
      countTokens: (text) => encoder.countTokens(text),
    };
    const model: LocalEmbedderModel = {
      specificationVersion: 'v4',
      provider: 'tandem.local',
      modelId: options.modelId ?? basename(directory),
      maxEmbeddingsPerCall: Number.POSITIVE_INFINITY,
      supportsParallelCalls: false,
      async doEmbed({ values, abortSignal, providerOptions, dimensions }) {
        if (held.isReleased())
          throw new DisposedError({ what: `The embedder ${model.modelId} was`, domain: 'models' });
        const { role } = readOptions(providerOptions?.tandem);
        const prefix = role === undefined ? '' : (prompts[role] ?? '');
        const texts = prefix === '' ? values : values.map((value) => prefix + value);
        const vectors = await embed(encoder, texts, abortSignal);
        return {
          embeddings: vectors.map((vector) => Array.from(vector)),
          usage: { tokens: texts.reduce((sum, text) => sum + encoder.countTokens(text), 0) },
          warnings:
            dimensions === undefined || dimensions === encoder.dimensions
              ? []
              : [{ type: 'unsupported', feature: 'dimensions', details: `always ${encoder.dimensions}` }],
        };
      },
      [Symbol.asyncDispose]: release,
    };
    return attachLocalTools(model, tools);
  } catch (error) {
    await release();
    throw error;
  }
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

async function embed(encoder: BertEncoder, texts: readonly string[], signal: AbortSignal | undefined) {
  try {
    return await encoder.embed(texts, signal ? { signal } : {});
  } catch (error) {
    if (!(error instanceof TextTooLongError)) throw error;
    const longest = Math.max(...texts.map((text) => encoder.countTokens(text)));
    throw new ContextOverflowError({
      what: 'text to embed',
      promptTokens: longest + encoder.maxTokens - encoder.maxTextTokens,
      reservedTokens: 0,
      contextLength: encoder.maxTokens,
    });
  }
}

/** sentence-transformers keeps prefixes by name; "passage" is another word for "document". */
async function readPrompts(directory: string): Promise<{ query?: string; document?: string }> {
  const text = await readFile(join(directory, 'config_sentence_transformers.json'), 'utf8').catch(() => '{}');
  const schema = z.object({
    prompts: z.object({ query: z.string(), document: z.string(), passage: z.string() }).partial().optional(),
  });
  const parsed = schema.safeParse(JSON.parse(text));
  const prompts = parsed.success ? (parsed.data.prompts ?? {}) : {};
  const document = prompts.document ?? prompts.passage;
  return {
    ...(prompts.query !== undefined && { query: prompts.query }),
    ...(document !== undefined && { document }),
  };
}
