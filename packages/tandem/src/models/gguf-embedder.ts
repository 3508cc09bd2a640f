import { basename, resolve } from 'node:path';
import type { GgufPlainValue } from '@tandem/nn';
import { type LlamaEmbeddingContext, type LlamaModel, LlamaVocabularyType, type Token } from 'node-llama-cpp';
import { unit } from '../core/cosine.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { EmbedderEngine, Pooling } from './embedder-engine.ts';
import { type EmbedderLanguages, readLanguages } from './embedder-languages.ts';
import { knownPrefixes } from './embedder-prefixes.ts';
import {
  complaint,
  forgetComplaint,
  loadGguf,
  nameInFile,
  type ThreadControl,
  threadControl,
} from './llama-backend.ts';

/**
 * Loads an embedding model from a GGUF file by llama.cpp: any architecture that it embeds with. Pooling is what the file says
 * (`ARCHITECTURE.pooling_type`); an encoder's file that says nothing is pooled by the mean, as sentence-transformers does.
 * Vectors have unit length. Texts go one at a time, so a text's vector does not depend on the others.
 * @throws InvalidInputError for a file that llama.cpp cannot load, a reranker, or a chat model.
 */
export async function loadGgufEmbedder(options: {
  path: string;
  /** What the model was asked for by. */
  name?: string;
  threads?: number;
  /** In place of what the file says. */
  pooling?: Pooling;
  cacheDirectory?: string;
}): Promise<EmbedderEngine> {
  const path = resolve(options.path);
  const { llama, model, baseHash, header } = await loadGguf(path, {
    ...(options.cacheDirectory !== undefined && { cacheDirectory: options.cacheDirectory }),
    overrides: (metadata) => poolingOverride(metadata, path, options.pooling),
  });
  const contexts = new EmbeddingContexts(model, threadControl(llama, options.threads));
  const special = specialTokens(model);
  const names = [
    nameInFile(model, path),
    basename(path),
    ...(options.name === undefined ? [] : [options.name]),
  ];
  const tokenize = (text: string) => model.tokenize(text, false);
  return {
    dimensions: model.embeddingVectorSize,
    contextLength: model.trainContextSize,
    specialTokens: special.before.length + special.after.length,
    baseHash,
    path,
    prefixes: knownPrefixes(names),
    languages: languagesInFile(header),
    ...(options.pooling && { pooling: options.pooling }),
    countTokens: (text) => tokenize(text).length,
    countUnknown: (text) => tokenize(text).filter((token) => model.getTokenAttributes(token).unknown).length,
    async embed(texts, signal) {
      const vectors: Float32Array[] = [];
      for (const text of texts)
        vectors.push(await contexts.embed([...special.before, ...tokenize(text), ...special.after], signal));
      return vectors;
    },
    async close() {
      await contexts.close();
      const disposed = model.dispose();
      // A context that could not be made holds its model (node-llama-cpp 3.22), and waiting for it would never end.
      if (!contexts.leaked) await disposed;
    },
  };
}

/** llama.cpp's numbers (`enum llama_pooling_type`). */
const poolingNumbers = { mean: 1, cls: 2, last: 3 } as const;
const rankPooling = 4;

/** Architectures that read a text in both directions, so that the mean of all tokens says something; as llama.cpp names them. */
const encoders = /bert|^t5encoder$|^gemma-embedding$/;

function poolingOverride(
  header: ReadonlyMap<string, GgufPlainValue>,
  path: string,
  asked: Pooling | undefined,
): Record<string, unknown> | undefined {
  const architecture = String(header.get('general.architecture'));
  const inFile = header.get(`${architecture}.pooling_type`);
  const override = (pooling: Pooling) => ({ [architecture]: { pooling_type: poolingNumbers[pooling] } });
  if (inFile === rankPooling)
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: `${path} is a reranker: it gives scores, not vectors.`,
      hint: 'Name an embedding model; its file says how vectors are pooled.',
    });
  if (asked !== undefined) return override(asked);
  if (typeof inFile === 'number' && inFile > 0) return undefined;
  if (encoders.test(architecture)) return override('mean');
  throw new InvalidInputError({
    domain: 'models',
    where: path,
    message: `${path} (architecture ${architecture}) does not say how its tokens become one vector, so it is probably a chat model.`,
    hint: "Name an embedding model; if this is one, set the embedder's pooling to what its model card says: mean, cls or last.",
  });
}

/**
 * The special tokens around a text, as llama.cpp adds them itself. node-llama-cpp (3.22) would leave out the first one where the
 * vocabulary is of Unigram kind (XLM-RoBERTa), which is the very token that models such as bge-m3 take their vector from.
 */
function specialTokens(model: LlamaModel): { before: Token[]; after: Token[] } {
  const { tokens, vocabularyType } = model;
  const some = (token: Token | null) => (token === null ? [] : [token]);
  if (vocabularyType === LlamaVocabularyType.wpm)
    return { before: some(tokens.bos), after: some(tokens.sep) };
  return {
    before: tokens.shouldPrependBosToken ? some(tokens.bos) : [],
    after: tokens.shouldAppendEosToken ? some(tokens.eos) : [],
  };
}

/** `general.languages`, which converters take from the model card. */
function languagesInFile(header: ReadonlyMap<string, GgufPlainValue>): EmbedderLanguages | undefined {
  const given = header.get('general.languages');
  if (!Array.isArray(given)) return undefined;
  return readLanguages(given.filter((code) => typeof code === 'string'));
}

/** The smallest context: enough for ordinary chunks. */
const leastContext = 512;

/**
 * One embedding context at a time, as large as the longest text so far needs (in powers of two): a model that reads 32,768 tokens
 * would otherwise take gigabytes for chunks of 200.
 */
class EmbeddingContexts {
  readonly #model: LlamaModel;
  readonly #threads: ThreadControl;
  #context: LlamaEmbeddingContext | undefined;
  #size = 0;
  #tail: Promise<unknown> = Promise.resolve();
  #leaked = false;

  constructor(model: LlamaModel, threads: ThreadControl) {
    this.#model = model;
    this.#threads = threads;
  }

  /** Whether making a context failed: the model then cannot be freed. */
  get leaked(): boolean {
    return this.#leaked;
  }

  /** Calls wait for one another. */
  embed(tokens: Token[], signal: AbortSignal | undefined): Promise<Float32Array> {
    const result = this.#tail.then(async () => {
      signal?.throwIfAborted();
      const context = await this.#contextFor(tokens.length);
      this.#threads.adjust();
      const { vector } = await context.getEmbeddingFor(tokens);
      return unit(Float32Array.from(vector));
    });
    this.#tail = result.catch(() => {});
    return result;
  }

  async #contextFor(tokens: number): Promise<LlamaEmbeddingContext> {
    // node-llama-cpp wants room for one token more.
    const needed = Math.max(leastContext, 2 ** Math.ceil(Math.log2(tokens + 1)));
    if (this.#context !== undefined && this.#size >= needed) return this.#context;
    await this.#context?.dispose();
    this.#context = undefined;
    forgetComplaint();
    try {
      // A context never takes more threads than are allowed when it is made.
      this.#model.llama.maxThreads = this.#threads.most;
      this.#context = await this.#model.createEmbeddingContext({
        contextSize: needed,
        // Attention in both directions needs the whole text in one batch.
        batchSize: needed,
        threads: this.#threads.most,
      });
    } catch (cause) {
      this.#leaked = true;
      throw new InvalidInputError({
        domain: 'models',
        where: this.#model.filename ?? '',
        message: `There is not enough memory to embed a text of ${tokens} tokens: ${complaint(cause)}.`,
        hint: 'Lower chunk.maxTokens, choose a smaller embedder, or close other programs.',
        cause,
      });
    }
    this.#size = needed;
    return this.#context;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#context?.dispose();
    this.#context = undefined;
  }
}
