import type { JSONSchema7, LanguageModelV4, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import type { Config, PromptVariant } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { newId } from '../core/id.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Answer, ArmName } from '../core/types/answer.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { type AdapterReference, localToolsOf } from '../models/local-tools.ts';
import type { Retrieval, RetrieveOptions, Retriever } from '../retrieve/retriever.ts';
import { mapCitations, withPages } from './citations.ts';
import { buildMessages, buildRewriteMessages } from './prompt.ts';
import { choicesOf, fieldProbability, parseObject, stringFieldSpan, valueAt } from './structured-output.ts';
import { isSufficient } from './sufficiency.ts';

export interface AnswererOptions {
  config: Config;
  chat: LanguageModelV4;
  catalog: Catalog;
  /** Needed by rag and hybrid. */
  retriever?: Retriever;
  /** Needed by tuned and hybrid. `file` is the GGUF LoRA; without it `chat` is the tuned model itself. */
  adapter?: { adapter: Adapter; file?: string };
  /** Turns the probability of the intent's tokens into a calibrated one; absent: the raw probability is given. */
  calibrate?: (probability: number, arm: ArmName) => number;
}

/** Beside the arm's own settings: which documents may be read (`access`: labels that the asker holds), and what was said before. */
export interface AnswerOptions
  extends Pick<RetrieveOptions, 'access' | 'metadata' | 'documentIds' | 'turns'> {
  arm: ArmName;
  /** Passages in the prompt; default the config's. */
  k?: number;
  /** Default the config's; fewer where only the reply's first fields are wanted. */
  maxTokens?: number;
  /** For base and rag: which of the project's prompts. */
  variant?: PromptVariant;
  /** Replaces the question in the search alone, for yardsticks such as a glossary lookup. */
  searchFor?: string;
  signal?: AbortSignal;
  /** The reply as it is written, piece by piece. */
  onText?: (piece: string) => void;
}

export interface Answerer {
  /**
   * @throws ContextOverflowError when prompt and answer do not fit the model; InvalidInputError for an empty question or an
   * arm whose parts are not there.
   */
  answer(question: string, options: AnswerOptions): Promise<Answer>;
}

/** Puts the parts of the four arms together; each call leaves a trace in the catalogue. */
export function createAnswerer(parts: AnswererOptions): Answerer {
  return { answer: (question, options) => answer(parts, question, options) };
}

async function answer(parts: AnswererOptions, question: string, options: AnswerOptions): Promise<Answer> {
  const { config, chat, retriever } = parts;
  const { arm, signal } = options;
  const asked = question.trim();
  if (!asked)
    throw new InvalidInputError({
      message: 'The question is empty.',
      hint: 'Write a question in quotes after `ask`.',
    });
  const retrieves = arm === 'rag' || arm === 'hybrid';
  if (!retrieves && options.turns && options.turns.length > 0)
    throw new InvalidInputError({
      message: `The ${arm} arm answers each question by itself: a conversation tells retrieval what "it" is.`,
      hint: 'Use --arm rag or hybrid, or ask with the name in the question.',
    });
  const adapter = adapterFor(arm, parts.adapter);
  const timings: Answer['timings'] = { generate: 0, total: 0 };

  let searchQuery: string | undefined;
  let rewritePrompt: string | undefined;
  const usage: Answer['usage'] = { promptTokens: 0, completionTokens: 0 };
  if (arm === 'hybrid') {
    const rewrite = await generate(chat, buildRewriteMessages(asked, config.answer), {
      maxTokens: 48,
      temperature: 0,
      adapter,
      signal,
    });
    searchQuery = rewrite.text.split('\n')[0]!.trim() || undefined;
    rewritePrompt = rewrite.prompt;
    usage.promptTokens += rewrite.promptTokens;
    usage.completionTokens += rewrite.completionTokens;
    timings.rewrite = rewrite.milliseconds;
  }

  let found: Retrieval | undefined;
  if (retrieves) {
    if (!retriever)
      throw new InvalidInputError({
        message: `The ${arm} arm needs an index, and this project has none yet.`,
        hint: 'Run `tandem ingest` first.',
      });
    const before = performance.now();
    const k = options.k ?? config.retrieve.k;
    found = await retriever.retrieve(options.searchFor ?? asked, {
      ...retrieveOptions(config, k, options),
      ...(searchQuery && { searchQuery }),
    });
    timings.retrieve = performance.now() - before;
  }

  const passages = found?.passages;
  const { spelledOut, parts: about, missing } = found ?? {};

  const messages = buildMessages({
    arm,
    answer: config.answer,
    // What "it" is stands in brackets behind the question, or in the question as it was rewritten.
    question: found?.rewritten ?? asked,
    ...(passages && { passages }),
    searchedFor: {
      ...(searchQuery && { searchQuery }),
      ...(spelledOut && { spelledOut }),
      ...(missing && { missing }),
    },
    ...(options.variant && { variant: options.variant }),
  });

  // Nothing that was found is about the question: no model is asked to make something of it.
  const insufficient = passages !== undefined && !isSufficient(passages, config.retrieve);
  const reply = insufficient
    ? {
        text: config.answer.notInSources,
        prompt: '',
        promptTokens: 0,
        completionTokens: 0,
        milliseconds: 0,
        tokens: [],
        firstToken: undefined,
      }
    : await generate(chat, messages, {
        maxTokens: options.maxTokens ?? config.answer.maxTokens,
        temperature: config.answer.temperature,
        adapter,
        signal,
        probabilities: needsProbabilities(config.answer.output),
        ...(config.answer.output &&
          config.answer.grammar && {
            schema: config.answer.output.schema as JSONSchema7,
            citations: { field: config.answer.output.textField, sources: passages?.length ?? 0 },
          }),
        ...(options.onText && { onText: options.onText }),
      });
  if (insufficient) options.onText?.(reply.text);
  const searched = (timings.rewrite ?? 0) + (timings.retrieve ?? 0);
  usage.promptTokens += reply.promptTokens;
  usage.completionTokens += reply.completionTokens;
  timings.generate = reply.milliseconds;
  timings.total = searched + reply.milliseconds;
  if (reply.firstToken !== undefined) timings.firstToken = searched + reply.firstToken;

  const structured = config.answer.output && !insufficient ? config.answer.output : undefined;
  const output = structured && parseObject(reply.text, structured.schema);
  const field = structured && valueAt(output, structured.textField);
  const text = structured ? (typeof field === 'string' ? field : '') : reply.text.trim();
  const mapped = mapCitations(text, passages ?? []);
  const citations = await withPages(mapped.citations, parts.catalog.documents);
  const confidence =
    structured?.confidence &&
    (await rawConfidence(chat, messages, reply, {
      path: structured.confidence.of,
      schema: structured.schema,
      adapter,
      signal,
    }));
  const calibrated =
    confidence === undefined ? undefined : (parts.calibrate?.(confidence, arm) ?? confidence);
  if (output && structured?.confidence && calibrated !== undefined) {
    output[structured.confidence.field] = Math.round(calibrated * 1000) / 1000;
  }

  const traceId = newId('trace');
  const result: Answer = {
    question: asked,
    arm,
    text,
    ...(output && { output }),
    raw: reply.text,
    abstained: isAbstention(text, config.answer.notInSources),
    citations,
    danglingMarkers: mapped.dangling,
    passages: passages ?? [],
    ...(searchQuery && { searchQuery }),
    ...(spelledOut && { spelledOut }),
    ...(about && { parts: about }),
    ...(missing && { missing }),
    ...(calibrated !== undefined && { confidence: calibrated, rawConfidence: confidence! }),
    usage,
    timings,
    traceId,
  };
  const { passages: _passages, raw: _raw, traceId: _id, ...traced } = result;
  await parts.catalog.traces.put({
    id: traceId,
    at: new Date().toISOString(),
    question: asked,
    arm,
    model: `${chat.provider}:${chat.modelId}`,
    ...((arm === 'tuned' || arm === 'hybrid') && { adapterId: parts.adapter!.adapter.id }),
    ...(searchQuery && { searchQuery }),
    ...(rewritePrompt && { rewritePrompt }),
    passages: result.passages,
    prompt: reply.prompt,
    ...(!insufficient && { messages }),
    rawOutput: reply.text,
    answer: traced,
  });
  return result;
}

function adapterFor(arm: ArmName, adapter: AnswererOptions['adapter']): AdapterReference | undefined {
  if (arm !== 'tuned' && arm !== 'hybrid') return undefined;
  if (!adapter)
    throw new InvalidInputError({
      message: `The ${arm} arm needs a trained adapter, and this project has none.`,
      hint: 'Run `tandem tune` first, or ask with --arm rag.',
    });
  return adapter.file === undefined ? undefined : { path: adapter.file };
}

/** How the passages of an answer are retrieved: as the config says, from the documents that the question may be answered from. */
export function retrieveOptions(
  { retrieve }: Pick<Config, 'retrieve'>,
  k: number,
  given: Pick<AnswerOptions, 'access' | 'metadata' | 'documentIds' | 'turns' | 'signal'>,
): RetrieveOptions {
  return {
    k,
    neighbours: retrieve.neighbours,
    ...(retrieve.maxTokens !== undefined && { maxTokens: retrieve.maxTokens }),
    ...(given.access && { access: given.access }),
    ...(given.metadata && { metadata: given.metadata }),
    ...(given.documentIds && { documentIds: given.documentIds }),
    ...(given.turns && { turns: given.turns }),
    ...(given.signal && { signal: given.signal }),
  };
}

interface Reply {
  text: string;
  prompt: string;
  promptTokens: number;
  completionTokens: number;
  milliseconds: number;
  firstToken: number | undefined;
  tokens: { text: string; probability: number }[];
}

async function generate(
  chat: LanguageModelV4,
  messages: ChatMessage[],
  options: {
    maxTokens: number;
    temperature: number;
    adapter?: AdapterReference | undefined;
    schema?: JSONSchema7;
    /** The schema's field that cites, and the number of sources: a local model can name no other. */
    citations?: { field: string; sources: number };
    /** Of every token of the reply; takes a pass over it. */
    probabilities?: boolean;
    signal?: AbortSignal | undefined;
    onText?: (piece: string) => void;
  },
): Promise<Reply> {
  const started = performance.now();
  const call = {
    prompt: toPrompt(messages),
    maxOutputTokens: options.maxTokens,
    temperature: options.temperature,
    ...(options.schema && { responseFormat: { type: 'json' as const, schema: options.schema } }),
    ...(options.signal && { abortSignal: options.signal }),
    ...((options.adapter || options.probabilities || options.citations) && {
      providerOptions: {
        tandem: {
          ...(options.adapter && { adapter: { ...options.adapter } }),
          ...(options.probabilities && { probabilities: true }),
          ...(options.citations && { citations: options.citations }),
        },
      },
    }),
  };
  if (!options.onText) {
    const result = await chat.doGenerate(call);
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return finish(text, result.request?.body, result.usage, result.providerMetadata?.tandem, undefined);
  }
  const { stream, request } = await chat.doStream(call);
  let text = '';
  let firstToken: number | undefined;
  for await (const part of stream) {
    if (part.type === 'text-delta') {
      firstToken ??= performance.now() - started;
      text += part.delta;
      options.onText(part.delta);
    } else if (part.type === 'error') throw part.error;
    else if (part.type === 'finish')
      return finish(text, request?.body, part.usage, part.providerMetadata?.tandem, firstToken);
  }
  throw new InvalidInputError({
    message: 'The model stopped in the middle of its answer.',
    hint: "Ask again; if it stays so, look at the provider's log.",
  });

  function finish(
    reply: string,
    body: unknown,
    usage: { inputTokens: { total: number | undefined }; outputTokens: { total: number | undefined } },
    metadata: Record<string, unknown> | undefined,
    streamedFirst: number | undefined,
  ): Reply {
    // The local model says what its own work took: scoring a finished answer's tokens is not part of answering.
    const own = metadata?.timings as { firstToken: number; generate: number } | undefined;
    return {
      text: reply,
      prompt: renderedPrompt(body) ?? JSON.stringify(messages),
      promptTokens: usage.inputTokens.total ?? 0,
      completionTokens: usage.outputTokens.total ?? 0,
      milliseconds: own ? own.firstToken + own.generate : performance.now() - started,
      firstToken: streamedFirst ?? own?.firstToken,
      tokens: (metadata?.tokens as Reply['tokens'] | undefined) ?? [],
    };
  }
}

/** The local model puts the rendered prompt into the request's body; a hosted one its JSON. */
function renderedPrompt(body: unknown): string | undefined {
  if (typeof body === 'string') return body;
  if (typeof body === 'object' && body !== null && 'prompt' in body && typeof body.prompt === 'string')
    return body.prompt;
  return body === undefined ? undefined : JSON.stringify(body);
}

function toPrompt(messages: ChatMessage[]): LanguageModelV4Prompt {
  return messages.map((message) =>
    message.role === 'system'
      ? { role: 'system', content: message.content }
      : { role: message.role, content: [{ type: 'text', text: message.content }] },
  );
}

/** The value's own tokens tell how sure the model is only where the schema does not list the values. */
const needsProbabilities = (output: Config['answer']['output']): boolean =>
  output?.confidence !== undefined && choicesOf(output.schema, output.confidence.of) === undefined;

/**
 * How sure the model is of a field's value. Where the schema lists the values: its choice among these (a model that would rather
 * have written "treatments" is not unsure of "treatment"). Elsewhere the probability of the value's tokens. Undefined for a
 * model that gives no probabilities.
 */
async function rawConfidence(
  chat: LanguageModelV4,
  messages: readonly ChatMessage[],
  reply: Reply,
  options: {
    path: string;
    schema: object;
    adapter: AdapterReference | undefined;
    signal: AbortSignal | undefined;
  },
): Promise<number | undefined> {
  const { path, schema, adapter, signal } = options;
  const values = choicesOf(schema, path);
  const tools = localToolsOf(chat);
  if (!values || !tools) return fieldProbability(reply.text, path, reply.tokens);
  const span = stringFieldSpan(reply.text, path);
  if (!span) return undefined;
  const choices = values.map((value) => JSON.stringify(value).slice(1));
  const chosen = choices.indexOf(reply.text.slice(span.start, span.end));
  if (chosen < 0) return undefined;
  const probabilities = await tools.choiceProbabilities({
    messages,
    before: reply.text.slice(0, span.start),
    choices,
    ...(adapter && { adapter }),
    ...(signal && { abortSignal: signal }),
  });
  return probabilities[chosen];
}

/** The agreed sentence, alone or with a lead such as the condition's name before it. */
export function isAbstention(text: string, notInSources: string): boolean {
  const plain = (value: string) =>
    value
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const sentence = plain(notInSources);
  return sentence.length > 0 && plain(text).endsWith(sentence);
}
