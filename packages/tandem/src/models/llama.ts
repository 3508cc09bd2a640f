import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import {
  InputLookupTokenPredictor,
  type Llama,
  type LlamaContext,
  type LlamaGrammar,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type ChatTemplate, createChatTemplate } from './chat-template.ts';
import { cacheDirectory, stampedSha256 } from './fetch/cache.ts';
import {
  complaint,
  forgetComplaint,
  loadGguf,
  nameInFile,
  type ThreadControl,
  threadControl,
} from './llama-backend.ts';
import { CachedSequence, type Sequence } from './llama-sequence.ts';
import type { AdapterReference } from './local-tools.ts';
import { type SavedPrefixes, savedPrefixes } from './saved-prefixes.ts';
import { shareModel } from './shared-model.ts';
import { type TemplateTools, templateTools } from './tool-calls/template-tools.ts';

/** Contexts kept at once: the base and the adapters used last. Each holds its own KV cache. */
const maxContexts = 3;
const defaultContextLength = 4096;
/** Compiled grammars kept: a server is sent ever new schemas. */
const maxGrammars = 64;

export interface LoadOptions {
  path: string;
  contextLength?: number;
  /** In which numbers keys and values are kept; F16 by default. F32 is for checks against a trainer. */
  keyValueType?: KeyValueType;
  flashAttention?: boolean;
  lookup?: boolean;
  threads?: number;
  cacheDirectory?: string;
  signal?: AbortSignal;
}

/** Q8_0 needs flash attention. */
type KeyValueType = 'F16' | 'F32' | 'Q8_0';

/** One model file in memory, shared by all that opened it; freed when the last of them disposes it. */
export interface LoadedLlama extends AsyncDisposable {
  readonly path: string;
  readonly baseHash: string;
  /** What the file calls itself (`general.name`); its file name where it does not. */
  readonly name: string;
  readonly model: LlamaModel;
  readonly template: ChatTemplate;
  /** What the template knows of tools; found out when first asked for. */
  templateTools(): TemplateTools;
  readonly contextLength: number;
  /** Tokens are guessed and evaluated together: see `LocalChatOptions.lookup`. */
  readonly lookup: boolean;
  readonly vocabularySize: number;
  readonly endOfTurn: number;
  /** A compiled grammar; compiled once per text. */
  grammar(gbnf: string): Promise<LlamaGrammar>;
  /** Waits for the sequence of this adapter (requests queue) and lends it until disposed. */
  acquire(adapter: Required<AdapterReference> | undefined, signal?: AbortSignal): Promise<Sequence>;
}

export async function loadLlama(options: LoadOptions): Promise<LoadedLlama> {
  const path = resolve(options.path);
  const { contextLength, keyValueType, flashAttention, lookup, threads, cacheDirectory } = options;
  const held = await shareModel(
    JSON.stringify([
      'llama',
      path,
      contextLength,
      keyValueType,
      flashAttention,
      lookup,
      threads,
      cacheDirectory,
    ]),
    () => load(path, options),
    ({ close }) => close(),
  );
  // Loading is shared, so that one caller's abort does not stop it.
  if (options.signal?.aborted) {
    await held.release();
    throw options.signal.reason;
  }
  return {
    ...held.model,
    // Others may use the shared weights further; who gave them back may not.
    async acquire(adapter, signal) {
      if (held.isReleased())
        throw new DisposedError({ what: `The model ${basename(path)} was`, domain: 'models' });
      return held.model.acquire(adapter, signal);
    },
    [Symbol.asyncDispose]: held.release,
  };
}

async function load(path: string, options: LoadOptions) {
  const { llama, model, baseHash } = await loadGguf(path, {
    contextLength: options.contextLength ?? defaultContextLength,
    ...(options.cacheDirectory !== undefined && { cacheDirectory: options.cacheDirectory }),
  });
  const template = templateOf(model, path);
  const contextLength = Math.min(options.contextLength ?? defaultContextLength, model.trainContextSize);
  const threads = threadControl(llama, options.threads);
  const contexts = new ContextPool(llama, model, {
    baseHash,
    contextLength,
    threads,
    keyValueType: options.keyValueType ?? 'F16',
    flashAttention: options.flashAttention ?? false,
    lookup: options.lookup ?? false,
    cacheDirectory: options.cacheDirectory ?? cacheDirectory(),
  });
  const grammars = new Map<string, Promise<LlamaGrammar>>();
  const vocabularySize = [...model.iterateAllTokens()].length;
  let knownTools: TemplateTools | undefined;
  const endOfTurn = model.tokens.eot ?? model.tokens.eos;
  if (endOfTurn === null) throw noTemplate(path, 'has no end-of-turn token');
  return {
    path,
    baseHash,
    name: nameInFile(model, path),
    model,
    template,
    templateTools() {
      knownTools ??= templateTools(template);
      return knownTools;
    },
    contextLength,
    lookup: options.lookup ?? false,
    vocabularySize,
    endOfTurn: endOfTurn as number,
    grammar(gbnf: string) {
      let grammar = grammars.get(gbnf);
      if (grammar === undefined) {
        grammar = llama.createGrammar({ grammar: gbnf });
        const [oldest] = grammars.keys();
        if (grammars.size >= maxGrammars && oldest !== undefined) grammars.delete(oldest);
        grammars.set(gbnf, grammar);
      }
      return grammar;
    },
    acquire: (adapter: Required<AdapterReference> | undefined, signal?: AbortSignal) =>
      contexts.acquire(adapter, signal),
    async close() {
      await contexts.close();
      const disposed = model.dispose();
      // A context that could not be made holds its model (node-llama-cpp 3.22), and waiting for it would never end.
      if (!contexts.leaked) await disposed;
    },
  };
}

function noTemplate(path: string, why: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where: path,
    message: `${path} ${why}, so it cannot be used for chat.`,
    hint: 'Use an instruction-tuned model (its name usually ends in Instruct or Chat).',
  });
}

function templateOf(model: LlamaModel, path: string): ChatTemplate {
  const source = model.fileInfo.metadata.tokenizer?.chat_template;
  if (source === undefined) throw noTemplate(path, 'carries no chat template');
  const specialTokens = new Map<string, number>();
  for (const token of model.iterateAllTokens()) {
    const attributes = model.getTokenAttributes(token);
    if (!attributes.control && !attributes.unknown) continue;
    const text = model.detokenize([token], true);
    if (text !== '') specialTokens.set(text, token);
  }
  return createChatTemplate(source, {
    specialTokens,
    bosToken: model.tokens.bos,
    bosText: model.tokens.bosString ?? '',
    eosText: model.tokens.eosString ?? '',
    prependBos: model.tokens.shouldPrependBosToken,
    isEndOfGeneration: (token) => model.isEogToken(token as Token),
    encodeText: (text) => model.tokenize(text, false),
  });
}

interface PooledContext {
  key: string;
  context: LlamaContext;
  sequence: CachedSequence;
}

interface PoolOptions {
  baseHash: string;
  contextLength: number;
  threads: ThreadControl;
  keyValueType: KeyValueType;
  flashAttention: boolean;
  lookup: boolean;
  cacheDirectory: string;
}

/** llama.cpp binds adapters to a context, so each adapter and scale has its own, made when first asked for. */
class ContextPool {
  readonly #llama: Llama;
  readonly #model: LlamaModel;
  readonly #options: PoolOptions;
  /** By key, the one used last at the end. */
  readonly #contexts = new Map<string, PooledContext>();
  /** One call at a time over the whole model: two contexts at once would only share the same cores. */
  #tail: Promise<void> = Promise.resolve();
  /** By adapter path, the key of what node-llama-cpp has loaded from there; it does so once per path. */
  readonly #loadedAdapters = new Map<string, string>();
  #closed = false;
  #leaked = false;

  constructor(llama: Llama, model: LlamaModel, options: PoolOptions) {
    this.#llama = llama;
    this.#model = model;
    this.#options = options;
  }

  async acquire(adapter: Required<AdapterReference> | undefined, signal?: AbortSignal): Promise<Sequence> {
    const before = this.#tail;
    const { promise: done, resolve: release } = Promise.withResolvers<void>();
    this.#tail = before.then(() => done);
    try {
      await aborted(before, signal);
      if (this.#closed) throw new DisposedError({ what: 'The model was', domain: 'models' });
      const { sequence } = await this.#contextFor(adapter);
      signal?.throwIfAborted();
      return sequence.lend(release);
    } catch (error) {
      release();
      throw error;
    }
  }

  async #contextFor(adapter: Required<AdapterReference> | undefined): Promise<PooledContext> {
    const key = adapter === undefined ? '' : await adapterKey(adapter);
    const existing = this.#contexts.get(key);
    if (existing !== undefined) {
      this.#contexts.delete(key);
      this.#contexts.set(key, existing);
      return existing;
    }
    for (const [oldKey, old] of this.#contexts) {
      if (this.#contexts.size < maxContexts) break;
      this.#contexts.delete(oldKey);
      await old.context.dispose();
    }
    const prefixes = await this.#prefixesOf(adapter);
    let context: LlamaContext;
    forgetComplaint();
    try {
      context = await this.#createContext(adapter && { ...adapter, path: resolve(adapter.path) });
    } catch (cause) {
      this.#leaked ||= adapter === undefined;
      throw new InvalidInputError({
        domain: 'models',
        ...(adapter && { where: adapter.path }),
        message: adapter
          ? `The adapter ${adapter.path} cannot be loaded over this model: ${complaint(cause)}.`
          : `There is not enough memory for a context of ${this.#options.contextLength} tokens: ${complaint(cause)}.`,
        hint: adapter
          ? 'Use an adapter that was trained on this very base model.'
          : 'Configure a smaller model or close other programs.',
        cause,
      });
    }
    const lookup = this.#options.lookup ? new InputLookupTokenPredictor() : undefined;
    const sequence = new CachedSequence(context.getSequence(lookup && { tokenPredictor: lookup }), {
      adjustThreads: this.#options.threads.adjust,
      prefixes,
      lookup,
    });
    const pooled = { key, context, sequence };
    this.#contexts.set(key, pooled);
    return pooled;
  }

  /** States computed with another file, adapter, kernel or setting have other numbers. */
  async #prefixesOf(adapter: Required<AdapterReference> | undefined): Promise<SavedPrefixes> {
    const { baseHash, contextLength, keyValueType, flashAttention, cacheDirectory } = this.#options;
    return savedPrefixes(join(cacheDirectory, 'prefixes'), {
      baseHash,
      adapter: adapter && {
        hash: await stampedSha256(adapter.path, { cacheDirectory }),
        scale: adapter.scale,
      },
      contextLength,
      keyValueType,
      flashAttention,
      llamaCpp: this.#llama.llamaCppRelease,
      device: [this.#llama.gpu, this.#llama.systemInfo, cpus()[0]?.model],
    });
  }

  /** Without an abort signal: node-llama-cpp (3.22) keeps the model forever for a context whose making was aborted. */
  async #createContext(adapter: Required<AdapterReference> | undefined) {
    const create = (filePath?: string) => {
      // A context never takes more threads than are allowed when it is made.
      const { contextLength, threads, keyValueType, flashAttention } = this.#options;
      this.#llama.maxThreads = threads.most;
      return this.#model.createContext({
        contextSize: contextLength,
        threads: threads.most,
        flashAttention,
        experimentalKvCacheKeyType: keyValueType,
        experimentalKvCacheValueType: keyValueType,
        ...(adapter && filePath && { lora: { adapters: [{ filePath, scale: adapter.scale }] } }),
      });
    };
    if (adapter === undefined) return create();
    const version = await adapterVersion(adapter.path);
    const known = this.#loadedAdapters.get(adapter.path);
    if (known === undefined || known === version) {
      this.#loadedAdapters.set(adapter.path, version);
      return create(adapter.path);
    }
    // The file was overwritten: give the new one another path.
    const folder = await mkdtemp(join(tmpdir(), 'tandem-adapter-'));
    try {
      const copy = join(folder, basename(adapter.path));
      await copyFile(adapter.path, copy);
      return await create(copy);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Whether making a context failed: the model then cannot be freed. */
  get leaked(): boolean {
    return this.#leaked;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
    for (const { context } of this.#contexts.values()) await context.dispose();
    this.#contexts.clear();
  }
}

async function adapterKey(adapter: Required<AdapterReference>): Promise<string> {
  const path = resolve(adapter.path);
  return JSON.stringify([path, adapter.scale, await adapterVersion(path)]);
}

/** A file that is overwritten at the same path is another adapter. */
async function adapterVersion(path: string): Promise<string> {
  const file = await stat(path).catch(() => undefined);
  if (!file?.isFile()) {
    throw new InvalidInputError({
      domain: 'models',
      where: path,
      message: `There is no adapter file at ${path}.`,
      hint: 'Give the path of a GGUF LoRA file, or train one.',
    });
  }
  return `${file.size} ${file.mtimeMs}`;
}

function aborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return wait;
  signal.throwIfAborted();
  const { promise, resolve: proceed, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  wait.then(proceed, reject);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}
