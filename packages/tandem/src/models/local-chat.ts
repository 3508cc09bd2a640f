import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type {
  JSONObject,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { LlamaGrammarEvaluationState, type Token } from 'node-llama-cpp';
import { z } from 'zod';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { jsonGrammar, jsonRules } from './json-grammar.ts';
import { type LoadedLlama, loadLlama } from './llama.ts';
import { attachLocalTools, type LocalChatTools } from './local-tools.ts';
import { type CallPart, type PartOfReply, streamParts } from './reply-stream.ts';
import { pieces, ReplyText } from './reply-text.ts';
import { outputTokens, type RankedToken } from './token-probabilities.ts';
import { type ReplyEvent, textReader } from './tool-calls/reply-events.ts';
import { type ToolPrompt, toolPrompt } from './tool-calls/tool-prompt.ts';
import { type Calling, toolUse } from './tool-calls/tool-use.ts';

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
  /**
   * Report each output token's log probability and so many of the likeliest tokens in its place (0 to 20). They come at the end, in a
   * stream with its `finish` part: llama.cpp gives raw logits cheaply only for tokens that are evaluated once more, all together. That rounds otherwise
   * than one by one: with 4-bit weights up to a tenth, so that of two tokens almost alike the other may be the likelier.
   */
  topLogprobs: z.int().min(0).max(20).optional(),
  /** False: at most one tool call in a reply. Default true, where the model's template has several. */
  parallelToolCalls: z.boolean().optional(),
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
   * asked for. Their texts join to the reply as it was written, tool calls with their marks. `bytes` (UTF-8, 0 to 255; of a character of
   * several tokens each has its own), `logProbability` (natural logarithm) and `top` (the likeliest first) are there with
   * `topLogprobs`; the tokens are then cut where a stop sequence cut the text.
   */
  tokens?: ({ text: string; probability: number } & Partial<RankedToken> & { top?: RankedToken[] })[];
  /** What was written of a tool call that `maxOutputTokens` broke off; it is not among the reply's calls. */
  unfinishedToolCall?: string;
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
  /** Undefined where the model may call no tool. */
  calling: Calling | undefined;
  adapter: { path: string; scale: number } | undefined;
  probabilities: boolean;
  topLogprobs: number | undefined;
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
      hint: 'It takes adapter ({ path, scale }), probabilities (true or false), topLogprobs (0 to 20), parallelToolCalls (true or false), citations ({ field, sources }) and sharedMessages (how many).',
    });
  }
  const warnings: SharedV4Warning[] = [];
  const json = call.responseFormat?.type === 'json';
  let grammar: string | undefined;
  let instead: ReturnType<typeof jsonRules> | undefined;
  if (call.responseFormat?.type === 'json') {
    const schema = call.responseFormat.schema ?? { type: 'object' };
    const compiled = jsonGrammar(schema, own.data.citations);
    grammar = compiled.grammar;
    instead = jsonRules(schema, { ...(own.data.citations && { citations: own.data.citations }) });
    for (const keyword of compiled.ignored) {
      warnings.push({ type: 'unsupported', feature: `schema keyword ${keyword}`, details: 'not enforced' });
    }
  }
  const tools = toolUse(call, {
    knows: () => loaded.templateTools(),
    several: own.data.parallelToolCalls ?? true,
    instead,
  });
  warnings.push(...tools.warnings);
  if (loaded.lookup && tools.calling && tools.calling.grammar === undefined) {
    warnings.push({
      type: 'unsupported',
      feature: 'schemas of tools that the model may call or not',
      details: 'not enforced with lookup, which samples tokens before it is known that a call begins',
    });
  }
  if (tools.calling) grammar = tools.calling.grammar;
  const prompt = toolPrompt(call.prompt, tools.shown, () => loaded.templateTools());
  const rendered = loaded.template.render(prompt.messages, prompt.tools);
  const promptTokens = loaded.template.encodePrompt(prompt.messages, prompt.tools) as Token[];
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
    sharedTokens: sharedTokens(loaded, prompt, promptTokens, own.data.sharedMessages ?? 0),
    maxOutputTokens,
    grammar,
    json,
    calling: tools.calling,
    adapter,
    probabilities: own.data.probabilities ?? false,
    topLogprobs: own.data.topLogprobs,
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
  { messages, tools }: ToolPrompt,
  prompt: readonly Token[],
  count: number,
): number {
  const next = messages[count];
  if (count === 0 || next === undefined || next.role === 'tool') return 0;
  const other = template.encodePrompt([...messages.slice(0, count), { role: next.role, content: '' }], tools);
  const differs = prompt.findIndex((token, at) => token !== other[at]);
  return differs < 0 ? prompt.length : differs;
}

interface Outcome {
  content: LanguageModelV4Content[];
  finishReason: LanguageModelV4FinishReason;
  usage: LanguageModelV4Usage;
  metadata: LocalChatMetadata;
}

/** Runs one call from queue to end; `onPart` gets the reply as it becomes certain. */
async function run(
  loaded: LoadedLlama,
  call: LanguageModelV4CallOptions,
  prepared: Prepared,
  onPart: (part: PartOfReply, callId: string) => void,
): Promise<Outcome> {
  const queued = performance.now();
  await using sequence = await loaded.acquire(prepared.adapter, call.abortSignal);
  const started = performance.now();
  const { promptTokens, calling } = prepared;
  const reusedTokens = await sequence.prefill(promptTokens, {
    shared: prepared.sharedTokens,
    signal: call.abortSignal,
  });
  const output: Token[] = [];
  const shownTokens = new Set((calling?.markers ?? []).flatMap((marker) => tokenOf(loaded, marker)));
  const text = new ReplyText(loaded.model, call.stopSequences ?? [], shownTokens);
  const reader = calling?.reader() ?? textReader();
  let firstToken: number | undefined;
  let finishReason: LanguageModelV4FinishReason = { unified: 'length', raw: 'maxOutputTokens' };

  let writtenText = '';
  const calls: CallPart[] = [];
  const ids: string[] = [];
  const give = (events: readonly ReplyEvent[]) => {
    for (const event of events) {
      if (event.type === 'text') {
        writtenText += event.delta;
        onPart(event, '');
        continue;
      }
      ids[event.index] ??= `call_${randomUUID().replaceAll('-', '')}`;
      const toolCallId = ids[event.index]!;
      if (event.type !== 'call') {
        onPart(event, toolCallId);
        continue;
      }
      const { toolName, input } = event;
      const made: CallPart = { type: 'tool-call', toolCallId, toolName, input };
      calls.push(made);
      onPart({ type: 'call', call: made }, toolCallId);
    }
  };

  let grammar: LlamaGrammarEvaluationState | undefined;
  const follow = async (gbnf: string) => {
    grammar = new LlamaGrammarEvaluationState({
      model: loaded.model,
      grammar: await loaded.grammar(gbnf),
    });
  };
  if (prepared.grammar !== undefined) await follow(prepared.grammar);
  let bound = grammar !== undefined || loaded.lookup;
  const penalised = (call.frequencyPenalty ?? 0) !== 0 || (call.presencePenalty ?? 0) !== 0;
  const tokens = sequence.generate({
    temperature: call.temperature ?? 0,
    topK: call.topK ?? 0,
    topP: call.topP ?? 1,
    ...(call.seed !== undefined && { seed: call.seed }),
    // Asked for before each token: a call that has begun is bound to its tool's schema from there on.
    grammarEvaluationState: () => grammar,
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
    // A stop sequence ends text, and never cuts a call's arguments.
    const stopped = text.push(token, { stop: reader.begun === undefined });
    give(reader.push(text.text, text.certain));
    if (stopped) {
      finishReason = { unified: 'stop', raw: 'stop sequence' };
      break;
    }
    // A finished object can only be followed by the end of the turn: spare the evaluation of that.
    if (prepared.json && text.isCompleteJson()) {
      finishReason = { unified: 'stop', raw: 'complete JSON' };
      break;
    }
    if (calling && !calling.several && reader.calls > 0) {
      finishReason = { unified: 'stop', raw: 'complete call' };
      break;
    }
    if (reader.repeats) {
      finishReason = { unified: 'stop', raw: 'repeated call' };
      break;
    }
    if (output.length >= prepared.maxOutputTokens) break;
    if (calling && reader.begun && !bound) {
      const rest = calling.grammarAfter(text.text.slice(reader.begun.at), reader.begun);
      if (rest !== undefined) await follow(rest);
      bound = rest !== undefined;
    }
  }
  text.end();
  give(reader.end(text.text));
  if (calls.length > 0 && finishReason.unified === 'stop') {
    finishReason = { unified: 'tool-calls', raw: finishReason.raw };
  }
  const generated = performance.now();
  let scored: LocalChatMetadata['tokens'];
  if ((prepared.probabilities || prepared.topLogprobs !== undefined) && output.length > 0) {
    const scores = await sequence.score(promptTokens, output, {
      signal: call.abortSignal,
      ...(prepared.topLogprobs && { top: prepared.topLogprobs }),
    });
    scored =
      prepared.topLogprobs === undefined
        ? pieces(loaded.model, output, shownTokens).map((piece, index) => ({
            text: piece,
            probability: Math.exp(scores[index]!.logProbability),
          }))
        : outputTokens(loaded.model, output, scores, text.text, shownTokens);
  }
  const ended = performance.now();
  const unfinishedToolCall = reader.unfinished(text.text);
  return {
    content: [...(writtenText === '' ? [] : [{ type: 'text' as const, text: writtenText }]), ...calls],
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
      ...(unfinishedToolCall !== '' && { unfinishedToolCall }),
    },
  };
}

/** The control token that this text is, if it is one. */
function tokenOf({ model }: LoadedLlama, text: string): Token[] {
  const tokens = model.tokenize(text, true);
  return tokens.length === 1 ? tokens : [];
}

async function generate(
  loaded: LoadedLlama,
  modelId: string,
  call: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  const prepared = prepare(loaded, call);
  const { content, finishReason, usage, metadata } = await run(loaded, call, prepared, () => {});
  return {
    content,
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
  return {
    request: { body: prepared.requestBody },
    stream: new ReadableStream<LanguageModelV4StreamPart>({
      async start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: prepared.warnings });
        controller.enqueue({ type: 'response-metadata', timestamp: new Date(), modelId });
        const parts = streamParts((part) => controller.enqueue(part));
        // A reply that can only be text begins at once; one that may be a call has text only if it comes.
        if (prepared.calling === undefined) parts.beginText();
        try {
          const outcome = await run(loaded, { ...call, abortSignal }, prepared, parts.add);
          parts.end();
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
      const scores = await sequence.score(prompt, tokens as Token[], { signal: abortSignal });
      const texts = pieces(loaded.model, tokens as Token[]);
      return {
        logProbability: scores.reduce((sum, { logProbability }) => sum + logProbability, 0),
        tokens: texts.map((text, index) => ({ text, logProbability: scores[index]!.logProbability })),
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
