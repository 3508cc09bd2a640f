import { resolve } from 'node:path';
import type {
  JSONObject,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { LlamaGrammarEvaluationState, type Token } from 'node-llama-cpp';
import { z } from 'zod';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { jsonGrammar } from './json-grammar.ts';
import { type LoadedLlama, loadLlama } from './llama.ts';
import { attachLocalTools, type LocalChatTools } from './local-tools.ts';

/** Which file is loaded, and with how much room. */
export interface LocalChatOptions {
  /** A GGUF file. */
  path: string;
  /** What the model is called in results and traces; by default what the file calls itself (`general.name`), else the file's name. */
  modelId?: string;
  /** Prompt and answer together; by default 4096 or what the model was trained with, if less. */
  contextLength?: number;
  /** In which numbers keys and values are kept; F16 by default. F32 is for checks against a trainer, Q8_0 needs flash attention. */
  keyValueType?: 'F16' | 'F32' | 'Q8_0';
  /**
   * Default false: answers are others than those that prompts and adapters were chosen by, and a token's numbers depend on how a prompt is cut
   * into batches. A CPU reads a prompt somewhat faster with it (`npm run bench -- chat --settings`).
   */
  flashAttention?: boolean;
  /**
   * Guess the next tokens from the prompt and evaluate them together. Default false: on a CPU that takes longer than what is spared, and with
   * K-quants its numbers differ from those of one token at a time (`npm run bench -- chat --lookup`).
   */
  lookup?: boolean;
  /** Threads for evaluation; by default `TANDEM_THREADS`, else the cores that other programs leave free. */
  threads?: number;
  /** Where file hashes are remembered; the model cache by default. */
  cacheDirectory?: string;
  signal?: AbortSignal;
}

/** An AI SDK language model that holds memory until it is disposed. */
export type LocalChatModel = LanguageModelV4 & AsyncDisposable;

/** What a call may say in `providerOptions.tandem`. */
const callOptions = z.strictObject({
  adapter: z.strictObject({ path: z.string(), scale: z.number().optional() }).optional(),
  /** Report each output token's probability; by default only for JSON answers, whose fields are scored. */
  probabilities: z.boolean().optional(),
  /** The field of a JSON answer (a dotted path) that cites the prompt's numbered sources, and how many these are. */
  citations: z.strictObject({ field: z.string(), sources: z.int().min(0) }).optional(),
  /**
   * How many of the first messages many prompts begin with, such as the system prompt and its examples: what these evaluate to is saved in
   * the cache folder, for later processes. No document's text may be in them.
   */
  sharedMessages: z.int().min(0).optional(),
});
/** What a call may say in `providerOptions.tandem`. */
export type LocalChatCallOptions = z.input<typeof callOptions>;

/** What a result carries in `providerMetadata.tandem`. */
export interface LocalChatMetadata {
  promptTokens: number;
  /** Prompt tokens whose evaluation was left over from the call before, or saved. */
  reusedTokens: number;
  /** Milliseconds. `prompt` until the first token could be chosen, `generate` from there, `score` for probabilities. */
  timings: { queue: number; firstToken: number; generate: number; score: number };
  /**
   * The output's tokens with the probability the model itself gives each one (temperature 1, no grammar). Absent unless
   * asked for.
   */
  tokens?: { text: string; probability: number }[];
}

/** Tokens kept for the answer when a call does not say `maxOutputTokens`. */
export const defaultMaxOutputTokens = 512;

/**
 * A GGUF model on this machine, by llama.cpp, as an AI SDK language model. The weights load once per process and file
 * and are shared; dispose every model you open. Answers are reproducible: temperature 0 unless asked otherwise, and a
 * call's result does not depend on the calls before it. `localToolsOf(model)` gives token counts, scores and logits.
 *
 * A prompt that does not fit raises ContextOverflowError before any work; nothing is ever cut. Errors: InvalidInputError
 * for a file that is not a GGUF, has no chat template, or an adapter that does not belong to it.
 *
 * @example
 * const { path } = await fetchModel('local:smollm2-135m-instruct');
 * await using chat = await openLocalChat({ path });
 * const { text } = await generateText({ model: chat, prompt: 'Say hello.', maxOutputTokens: 8 });
 */
export async function openLocalChat(options: LocalChatOptions): Promise<LocalChatModel> {
  const loaded = await loadLlama(options);
  const modelId = options.modelId ?? loaded.name;
  const model: LocalChatModel = {
    specificationVersion: 'v4',
    provider: 'tandem.local',
    modelId,
    supportedUrls: {},
    doGenerate: (call) => generate(loaded, modelId, call),
    doStream: async (call) => stream(loaded, modelId, call),
    [Symbol.asyncDispose]: () => loaded[Symbol.asyncDispose](),
  };
  return attachLocalTools(model, toolsOf(loaded));
}

interface Prepared {
  rendered: string;
  promptTokens: Token[];
  /** Of these, those at the beginning that many prompts share. */
  sharedTokens: number;
  maxOutputTokens: number;
  grammar: string | undefined;
  json: boolean;
  adapter: { path: string; scale: number } | undefined;
  probabilities: boolean;
  warnings: SharedV4Warning[];
  requestBody: JSONObject;
}

function prepare(loaded: LoadedLlama, call: LanguageModelV4CallOptions): Prepared {
  const own = callOptions.safeParse(call.providerOptions?.tandem ?? {});
  if (!own.success) {
    throw new InvalidInputError({
      domain: 'models',
      where: 'providerOptions.tandem',
      message: `providerOptions.tandem is not understood: ${z.prettifyError(own.error)}.`,
      hint: 'It takes adapter ({ path, scale }), probabilities (true or false), citations ({ field, sources }) and sharedMessages (how many).',
    });
  }
  const warnings: SharedV4Warning[] = [];
  if (call.tools !== undefined && call.tools.length > 0) {
    warnings.push({ type: 'unsupported', feature: 'tools', details: 'local models do not call tools yet' });
  }
  const json = call.responseFormat?.type === 'json';
  let grammar: string | undefined;
  if (call.responseFormat?.type === 'json') {
    const compiled = jsonGrammar(call.responseFormat.schema ?? { type: 'object' }, own.data.citations);
    grammar = compiled.grammar;
    for (const keyword of compiled.ignored) {
      warnings.push({ type: 'unsupported', feature: `schema keyword ${keyword}`, details: 'not enforced' });
    }
  }
  const messages = toChatMessages(call.prompt);
  const rendered = loaded.template.render(messages);
  const promptTokens = loaded.template.encodePrompt(messages) as Token[];
  const maxOutputTokens = call.maxOutputTokens ?? defaultMaxOutputTokens;
  if (promptTokens.length + maxOutputTokens > loaded.contextLength) {
    throw new ContextOverflowError({
      promptTokens: promptTokens.length,
      reservedTokens: maxOutputTokens,
      contextLength: loaded.contextLength,
    });
  }
  const adapter = own.data.adapter && {
    path: resolve(own.data.adapter.path),
    scale: own.data.adapter.scale ?? 1,
  };
  return {
    rendered,
    promptTokens,
    sharedTokens: sharedTokens(loaded, messages, promptTokens, own.data.sharedMessages ?? 0),
    maxOutputTokens,
    grammar,
    json,
    adapter,
    probabilities: own.data.probabilities ?? false,
    warnings,
    requestBody: {
      prompt: rendered,
      promptTokens: promptTokens.length,
      maxOutputTokens,
      temperature: call.temperature ?? 0,
      ...(adapter && { adapter }),
      ...(grammar !== undefined && { grammar }),
    },
  };
}

/** How many tokens the prompt has in common with one that says nothing after its first messages. */
function sharedTokens(
  { template }: LoadedLlama,
  messages: readonly ChatMessage[],
  prompt: readonly Token[],
  count: number,
): number {
  const next = messages[count];
  if (count === 0 || next === undefined) return 0;
  const other = template.encodePrompt([...messages.slice(0, count), { role: next.role, content: '' }]);
  const differs = prompt.findIndex((token, at) => token !== other[at]);
  return differs < 0 ? prompt.length : differs;
}

interface Outcome {
  text: string;
  finishReason: LanguageModelV4FinishReason;
  usage: LanguageModelV4Usage;
  metadata: LocalChatMetadata;
}

/** Runs one call from queue to end; `onText` gets the text as it becomes certain. */
async function run(
  loaded: LoadedLlama,
  call: LanguageModelV4CallOptions,
  prepared: Prepared,
  onText: (delta: string) => void,
): Promise<Outcome> {
  const queued = performance.now();
  await using sequence = await loaded.acquire(prepared.adapter, call.abortSignal);
  const started = performance.now();
  const { promptTokens } = prepared;
  const reusedTokens = await sequence.prefill(promptTokens, {
    shared: prepared.sharedTokens,
    signal: call.abortSignal,
  });
  const output: Token[] = [];
  const text = new TextAssembler(loaded, call.stopSequences ?? [], onText);
  let firstToken: number | undefined;
  let finishReason: LanguageModelV4FinishReason = { unified: 'length', raw: 'maxOutputTokens' };

  const grammar = prepared.grammar === undefined ? undefined : await loaded.grammar(prepared.grammar);
  const penalised = (call.frequencyPenalty ?? 0) !== 0 || (call.presencePenalty ?? 0) !== 0;
  const tokens = sequence.generate({
    temperature: call.temperature ?? 0,
    topK: call.topK ?? 0,
    topP: call.topP ?? 1,
    ...(call.seed !== undefined && { seed: call.seed }),
    ...(grammar && {
      grammarEvaluationState: new LlamaGrammarEvaluationState({ model: loaded.model, grammar }),
    }),
    ...(penalised && {
      repeatPenalty: {
        punishTokens: () => output,
        maxPunishTokens: prepared.maxOutputTokens,
        penalty: 1,
        frequencyPenalty: call.frequencyPenalty ?? 0,
        presencePenalty: call.presencePenalty ?? 0,
      },
    }),
    yieldEogToken: true,
  });
  for await (const token of tokens) {
    firstToken ??= performance.now();
    call.abortSignal?.throwIfAborted();
    if (loaded.model.isEogToken(token)) {
      finishReason = { unified: 'stop', raw: 'end of turn' };
      break;
    }
    output.push(token);
    if (text.push(token)) {
      finishReason = { unified: 'stop', raw: 'stop sequence' };
      break;
    }
    // A finished object can only be followed by the end of the turn: spare the evaluation of that.
    if (prepared.json && text.isCompleteJson()) {
      finishReason = { unified: 'stop', raw: 'complete JSON' };
      break;
    }
    if (output.length >= prepared.maxOutputTokens) break;
  }
  text.finish();
  const generated = performance.now();
  let scored: LocalChatMetadata['tokens'];
  if (prepared.probabilities && output.length > 0) {
    const scores = await sequence.score(promptTokens, output, call.abortSignal);
    scored = pieces(loaded, output).map((piece, index) => ({
      text: piece,
      probability: Math.exp(scores[index] as number),
    }));
  }
  const ended = performance.now();
  return {
    text: text.text,
    finishReason,
    usage: {
      inputTokens: {
        total: promptTokens.length,
        noCache: promptTokens.length - reusedTokens,
        cacheRead: reusedTokens,
        cacheWrite: undefined,
      },
      outputTokens: { total: output.length, text: output.length, reasoning: 0 },
    },
    metadata: {
      promptTokens: promptTokens.length,
      reusedTokens,
      timings: {
        queue: started - queued,
        firstToken: (firstToken ?? generated) - started,
        generate: generated - (firstToken ?? generated),
        score: ended - generated,
      },
      ...(scored && { tokens: scored }),
    },
  };
}

async function generate(
  loaded: LoadedLlama,
  modelId: string,
  call: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  const prepared = prepare(loaded, call);
  const { text, finishReason, usage, metadata } = await run(loaded, call, prepared, () => {});
  return {
    content: text === '' ? [] : [{ type: 'text', text }],
    finishReason,
    usage,
    warnings: prepared.warnings,
    request: { body: prepared.requestBody },
    response: { timestamp: new Date(), modelId },
    providerMetadata: { tandem: metadata as unknown as JSONObject },
  };
}

function stream(
  loaded: LoadedLlama,
  modelId: string,
  call: LanguageModelV4CallOptions,
): LanguageModelV4StreamResult {
  const prepared = prepare(loaded, call);
  const stopped = new AbortController();
  const abortSignal = call.abortSignal ? AbortSignal.any([call.abortSignal, stopped.signal]) : stopped.signal;
  const id = '0';
  return {
    request: { body: prepared.requestBody },
    stream: new ReadableStream<LanguageModelV4StreamPart>({
      async start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: prepared.warnings });
        controller.enqueue({ type: 'response-metadata', timestamp: new Date(), modelId });
        controller.enqueue({ type: 'text-start', id });
        try {
          const outcome = await run(loaded, { ...call, abortSignal }, prepared, (delta) =>
            controller.enqueue({ type: 'text-delta', id, delta }),
          );
          controller.enqueue({ type: 'text-end', id });
          controller.enqueue({
            type: 'finish',
            usage: outcome.usage,
            finishReason: outcome.finishReason,
            providerMetadata: { tandem: outcome.metadata as unknown as JSONObject },
          });
          controller.close();
        } catch (error) {
          if (!stopped.signal.aborted) controller.error(error);
        }
      },
      cancel(reason) {
        stopped.abort(reason);
      },
    }),
  };
}

/**
 * Turns tokens into text as they come: a character may take several tokens, and the beginning of a stop sequence must not be
 * shown before it is clear that it is not one.
 */
class TextAssembler {
  text = '';
  readonly #loaded: LoadedLlama;
  readonly #stops: readonly string[];
  readonly #onText: (delta: string) => void;
  readonly #pending: Token[] = [];
  readonly #before: Token[] = [];
  #shown = 0;

  constructor(loaded: LoadedLlama, stops: readonly string[], onText: (delta: string) => void) {
    this.#loaded = loaded;
    this.#stops = stops.filter((stop) => stop !== '');
    this.#onText = onText;
  }

  /** True when a stop sequence ends the text; it is cut off. */
  push(token: Token): boolean {
    this.#pending.push(token);
    const piece = this.#loaded.model.detokenize(this.#pending, false, this.#before);
    if (piece.endsWith('\uFFFD')) return false;
    this.#before.push(...this.#pending.splice(0));
    const from = this.text.length;
    this.text += piece;
    for (const stop of this.#stops) {
      const at = this.text.indexOf(stop, Math.max(0, from - stop.length));
      if (at >= 0) {
        this.text = this.text.slice(0, at);
        return true;
      }
    }
    const held = Math.max(0, ...this.#stops.map((stop) => overlap(this.text, stop)));
    this.#show(this.text.length - held);
    return false;
  }

  isCompleteJson(): boolean {
    if (!/[}\]]\s*$/.test(this.text)) return false;
    try {
      JSON.parse(this.text);
      return true;
    } catch {
      return false;
    }
  }

  finish(): void {
    if (this.#pending.length > 0)
      this.text += this.#loaded.model.detokenize(this.#pending, false, this.#before);
    this.#show(this.text.length);
  }

  #show(end: number): void {
    if (end > this.#shown) this.#onText(this.text.slice(this.#shown, end));
    this.#shown = Math.max(this.#shown, end);
  }
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

/** The text that each token adds; a character of several tokens is added by its last, so that the pieces join to the whole. */
function pieces(loaded: LoadedLlama, tokens: readonly Token[]): string[] {
  const result: string[] = [];
  let from = 0;
  for (let index = 0; index < tokens.length; index++) {
    const piece = loaded.model.detokenize(tokens.slice(from, index + 1), false, tokens.slice(0, from));
    const partial = piece.endsWith('\uFFFD') && index + 1 < tokens.length;
    result.push(partial ? '' : piece);
    if (!partial) from = index + 1;
  }
  return result;
}

function toChatMessages(prompt: LanguageModelV4Prompt): ChatMessage[] {
  return prompt.map((message) => {
    if (message.role === 'system') return { role: 'system', content: message.content };
    if (message.role === 'tool') throw unsupportedContent('tool results');
    const parts = message.content.map((part) => {
      if (part.type === 'text') return part.text;
      if (part.type === 'reasoning') return '';
      throw unsupportedContent(part.type);
    });
    return { role: message.role, content: parts.join('') };
  });
}

function unsupportedContent(what: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    message: `A local chat model reads text only, and the prompt has ${what}.`,
    hint: 'Send the content as text, or use a provider that takes it.',
  });
}

function toolsOf(loaded: LoadedLlama): LocalChatTools {
  const { model, template } = loaded;
  const encodeText = (text: string): number[] => model.tokenize(text, false);
  return {
    contextLength: loaded.contextLength,
    baseHash: loaded.baseHash,
    path: loaded.path,
    templateHash: template.hash,
    vocabularySize: loaded.vocabularySize,
    endOfTurn: loaded.endOfTurn,
    countTokens: (text) => encodeText(text).length,
    renderPrompt: template.render,
    encodePrompt: template.encodePrompt,
    encodeChat: template.encodeChat,
    encodeText,
    decode: (tokens) => model.detokenize(tokens as Token[], true),
    async scoreContinuation({ messages, continuation, endOfTurn, adapter, abortSignal }) {
      const prompt = template.encodePrompt(messages) as Token[];
      const tokens = encodeText(continuation);
      if (endOfTurn) tokens.push(loaded.endOfTurn);
      fits(loaded, prompt.length, tokens.length, 'prompt with the continuation');
      await using sequence = await loaded.acquire(adapter && { scale: 1, ...adapter }, abortSignal);
      const scores = await sequence.score(prompt, tokens as Token[], abortSignal);
      const texts = pieces(loaded, tokens as Token[]);
      return {
        logProbability: scores.reduce((sum, score) => sum + score, 0),
        tokens: texts.map((text, index) => ({ text, logProbability: scores[index] as number })),
      };
    },
    async choiceProbabilities({ messages, before, choices, adapter, abortSignal }) {
      const prompt = template.encodePrompt(messages) as Token[];
      const continuations = choices.map((choice) => encodeText(before + choice) as Token[]);
      fits(
        loaded,
        prompt.length,
        Math.max(...continuations.map(({ length }) => length)),
        'prompt with a choice',
      );
      await using sequence = await loaded.acquire(adapter && { scale: 1, ...adapter }, abortSignal);
      // Awaited here: the sequence goes back when this scope ends.
      return await chooseAmong(continuations, (path, candidates) =>
        sequence.nextLogits(prompt, path, candidates, abortSignal),
      );
    },
    async evaluateLogits(tokens, { adapter, positions, abortSignal } = {}) {
      fits(loaded, tokens.length, 0, 'token list');
      await using sequence = await loaded.acquire(adapter && { scale: 1, ...adapter }, abortSignal);
      return await sequence.logits(
        tokens as Token[],
        positions ?? tokens.map((_, index) => index),
        abortSignal,
      );
    },
  };
}

/** Branches less likely than this are not followed: the choices below them get equal shares of it. */
const negligible = 1e-4;

/** Follows the sequences as a tree from their common beginning: at each fork the softmax over the tokens that lead on. */
async function chooseAmong(
  sequences: readonly (readonly Token[])[],
  logitsAfter: (path: readonly Token[], candidates: readonly Token[]) => Promise<number[]>,
): Promise<number[]> {
  const probabilities = sequences.map(() => 0);
  const follow = async (indices: number[], depth: number, mass: number): Promise<void> => {
    if (indices.length === 1 || mass < negligible) {
      for (const index of indices) probabilities[index] = mass / indices.length;
      return;
    }
    const branches = Map.groupBy(indices, (index) => {
      const token = sequences[index]![depth];
      if (token === undefined) {
        throw new InvalidInputError({
          domain: 'models',
          message:
            'One choice is the beginning of another, so the model cannot be asked to choose between them.',
          hint: 'End each choice with what closes it, such as a quote.',
        });
      }
      return token;
    });
    if (branches.size === 1) return follow(indices, depth + 1, mass);
    const logits = await logitsAfter(sequences[indices[0]!]!.slice(0, depth), [...branches.keys()]);
    const highest = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [at, branch] of [...branches.values()].entries())
      await follow(branch, depth + 1, (mass * weights[at]!) / total);
  };
  await follow([...sequences.keys()], 0, 1);
  return probabilities;
}

function fits(loaded: LoadedLlama, promptTokens: number, reservedTokens: number, what: string): void {
  if (promptTokens + reservedTokens <= loaded.contextLength) return;
  throw new ContextOverflowError({ promptTokens, reservedTokens, contextLength: loaded.contextLength, what });
}
