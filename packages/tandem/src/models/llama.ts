import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type {
  LlamaContext,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaModel,
  SequenceEvaluateOptions,
  Token,
} from 'node-llama-cpp';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type ChatTemplate, createChatTemplate } from './chat-template.ts';
import {
  complaint,
  forgetComplaint,
  loadGguf,
  nameInFile,
  type ThreadControl,
  threadControl,
} from './llama-backend.ts';
import type { AdapterReference } from './local-tools.ts';
import { shareModel } from './shared-model.ts';

/** Contexts kept at once: the base and the adapters used last. Each holds its own KV cache. */
const maxContexts = 3;
const defaultContextLength = 4096;
/** Prompt tokens evaluated between two looks at the abort signal; any split gives the same numbers. */
const prefillStep = 512;

export interface LoadOptions {
  path: string;
  contextLength?: number;
  /** In which numbers keys and values are kept; F16 by default. F32 is for checks against a trainer. */
  keyValueType?: 'F16' | 'F32';
  threads?: number;
  cacheDirectory?: string;
  signal?: AbortSignal;
}

/** One model file in memory, shared by all that opened it; freed when the last of them disposes it. */
export interface LoadedLlama extends AsyncDisposable {
  readonly path: string;
  readonly baseHash: string;
  /** What the file calls itself (`general.name`); its file name where it does not. */
  readonly name: string;
  readonly model: LlamaModel;
  readonly template: ChatTemplate;
  readonly contextLength: number;
  readonly vocabularySize: number;
  readonly endOfTurn: number;
  /** A compiled grammar; compiled once per text. */
  grammar(gbnf: string): Promise<LlamaGrammar>;
  /** Waits for the sequence of this adapter (requests queue) and lends it until disposed. */
  acquire(adapter: Required<AdapterReference> | undefined, signal?: AbortSignal): Promise<Sequence>;
}

/** One KV cache, lent to one call at a time. */
export interface Sequence extends AsyncDisposable {
  /**
   * Evaluates the prompt but for its last token, keeping what the cache already holds of it; returns how many tokens that
   * was. Flash attention is off, because with it llama.cpp's numbers depend on how a prompt is split into batches; without
   * it they are the same to the bit, and so a reused prefix changes nothing.
   */
  prefill(prompt: readonly Token[], signal?: AbortSignal): Promise<number>;
  /** Generates after a prefill. */
  generate(options: SequenceEvaluateOptions): AsyncGenerator<Token, void>;
  /** Natural logarithm of each continuation token's probability, given all before it. */
  score(prompt: readonly Token[], continuation: readonly Token[], signal?: AbortSignal): Promise<number[]>;
  /** Raw logits of `candidates` as the next token after `tokens`. */
  nextLogits(tokens: readonly Token[], candidates: readonly Token[], signal?: AbortSignal): Promise<number[]>;
  /** Raw logits after each position. */
  logits(
    tokens: readonly Token[],
    positions: readonly number[],
    signal?: AbortSignal,
  ): Promise<Float32Array[]>;
}

export async function loadLlama(options: LoadOptions): Promise<LoadedLlama> {
  const path = resolve(options.path);
  const { contextLength, keyValueType, threads } = options;
  const held = await shareModel(
    JSON.stringify(['llama', path, contextLength, keyValueType, threads]),
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
  const contexts = new ContextPool(model, contextLength, threads, options.keyValueType ?? 'F16');
  const grammars = new Map<string, Promise<LlamaGrammar>>();
  const vocabularySize = [...model.iterateAllTokens()].length;
  const endOfTurn = model.tokens.eot ?? model.tokens.eos;
  if (endOfTurn === null) throw noTemplate(path, 'has no end-of-turn token');
  return {
    path,
    baseHash,
    name: nameInFile(model, path),
    model,
    template,
    contextLength,
    vocabularySize,
    endOfTurn: endOfTurn as number,
    grammar(gbnf: string) {
      let grammar = grammars.get(gbnf);
      if (grammar === undefined) {
        grammar = llama.createGrammar({ grammar: gbnf });
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
  sequence: LlamaContextSequence;
}

/** llama.cpp binds adapters to a context, so each adapter and scale has its own, made when first asked for. */
class ContextPool {
  readonly #model: LlamaModel;
  readonly #contextLength: number;
  readonly #keyValueType: 'F16' | 'F32';
  readonly #threads: ThreadControl;
  /** By key, the one used last at the end. */
  readonly #contexts = new Map<string, PooledContext>();
  /** One call at a time over the whole model: two contexts at once would only share the same cores. */
  #tail: Promise<void> = Promise.resolve();
  /** By adapter path, the key of what node-llama-cpp has loaded from there; it does so once per path. */
  readonly #loadedAdapters = new Map<string, string>();
  #closed = false;
  #leaked = false;

  constructor(model: LlamaModel, contextLength: number, threads: ThreadControl, keyValueType: 'F16' | 'F32') {
    this.#keyValueType = keyValueType;
    this.#model = model;
    this.#contextLength = contextLength;
    this.#threads = threads;
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
      return borrow(sequence, this.#threads.adjust, release);
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
          : `There is not enough memory for a context of ${this.#contextLength} tokens: ${complaint(cause)}.`,
        hint: adapter
          ? 'Use an adapter that was trained on this very base model.'
          : 'Configure a smaller model or close other programs.',
        cause,
      });
    }
    const pooled = { key, context, sequence: context.getSequence() };
    this.#contexts.set(key, pooled);
    return pooled;
  }

  /** Without an abort signal: node-llama-cpp (3.22) keeps the model forever for a context whose making was aborted. */
  async #createContext(adapter: Required<AdapterReference> | undefined) {
    const create = (filePath?: string) => {
      // A context never takes more threads than are allowed when it is made.
      this.#model.llama.maxThreads = this.#threads.most;
      return this.#model.createContext({
        contextSize: this.#contextLength,
        threads: this.#threads.most,
        flashAttention: false,
        experimentalKvCacheKeyType: this.#keyValueType,
        experimentalKvCacheValueType: this.#keyValueType,
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

function borrow(sequence: LlamaContextSequence, adjustThreads: () => void, release: () => void): Sequence {
  let last: Token | undefined;

  /** Leaves exactly `tokens` in the cache, reusing what is there; returns how many were. */
  async function evaluateTo(tokens: readonly Token[], signal?: AbortSignal): Promise<number> {
    const { firstDifferentIndex } = sequence.compareContextTokens(tokens as Token[]);
    const kept = Math.min(firstDifferentIndex, tokens.length);
    if (kept === 0) await sequence.clearHistory();
    else if (kept < sequence.nextTokenIndex) {
      await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
    }
    for (let from = kept; from < tokens.length; from += prefillStep) {
      signal?.throwIfAborted();
      adjustThreads();
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(from, from + prefillStep));
    }
    return kept;
  }

  return {
    async prefill(prompt, signal) {
      last = prompt.at(-1);
      return evaluateTo(prompt.slice(0, -1), signal);
    },
    async *generate(options) {
      if (last === undefined) throw new Error('generate() needs a prefill().');
      adjustThreads();
      for await (const token of sequence.evaluate([last], options)) {
        yield token;
        adjustThreads();
      }
    },
    async score(prompt, continuation, signal) {
      await evaluateTo(prompt.slice(0, -1), signal);
      const inputs = [prompt.at(-1) as Token, ...continuation.slice(0, -1)];
      const scores: number[] = [];
      for (let from = 0; from < inputs.length; from += prefillStep) {
        signal?.throwIfAborted();
        adjustThreads();
        const results = await sequence.controlledEvaluate(
          inputs.slice(from, from + prefillStep).map((token, index) => [
            token,
            {
              generateNext: {
                // At temperature 0 the selected token is the likeliest one, to which the total weight is relative.
                logits: { filter: { tokens: [continuation[from + index] as Token], includeSelected: true } },
                totalLogitWeight: true,
              },
            },
          ]),
        );
        for (const [index, result] of results.entries()) {
          const { logits, totalLogitWeight } = result?.next ?? {};
          const own = logits?.get(continuation[from + index] as Token);
          if (logits === undefined || totalLogitWeight === undefined || own === undefined) {
            throw new Error('llama.cpp returned no logits.');
          }
          scores.push(own - Math.max(...logits.values()) - Math.log(totalLogitWeight));
        }
      }
      return scores;
    },
    async nextLogits(tokens, candidates, signal) {
      await evaluateTo(tokens.slice(0, -1), signal);
      adjustThreads();
      const filter = { tokens: [...candidates] };
      const [result] = await sequence.controlledEvaluate([
        [tokens.at(-1) as Token, { generateNext: { logits: { filter } } }],
      ]);
      const logits = result?.next.logits;
      return candidates.map((token) => {
        const logit = logits?.get(token);
        if (logit === undefined) throw new Error('llama.cpp returned no logits.');
        return logit;
      });
    },
    async logits(tokens, positions, signal) {
      await sequence.clearHistory();
      const wanted = new Set(positions);
      const found = new Map<number, Float32Array>();
      const step = 64; // the vocabulary comes back as a map for each position: keep few of them alive
      for (let from = 0; from < tokens.length; from += step) {
        signal?.throwIfAborted();
        adjustThreads();
        const results = await sequence.controlledEvaluate(
          tokens
            .slice(from, from + step)
            .map((token, index) =>
              wanted.has(from + index) ? [token, { generateNext: { logits: true } }] : token,
            ),
        );
        for (const [index, result] of results.entries()) {
          if (result?.next.logits === undefined) continue;
          const row = new Float32Array(result.next.logits.size);
          for (const [token, logit] of result.next.logits) row[token] = logit;
          found.set(from + index, row);
        }
      }
      return positions.map((position) => {
        const row = found.get(position);
        if (row === undefined)
          throw new Error(`Position ${position} is not among the ${tokens.length} tokens.`);
        return row;
      });
    },
    async [Symbol.asyncDispose]() {
      release();
    },
  };
}
