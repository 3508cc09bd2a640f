import type { JSONSchema7, LanguageModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import type { Config, PromptVariant } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { newId } from '../core/id.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Answer, ArmName } from '../core/types/answer.ts';
import type { ChatMessage } from '../core/types/example.ts';
import type { AdapterReference } from '../models/local-tools.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import type { RetrieveOptions, Retriever } from '../retrieve/retriever.ts';
import { mapCitations, withPages } from './citations.ts';
import { generate, type Reply } from './generate.ts';
import { buildMessages, buildRewriteMessages } from './prompt.ts';
import { needsProbabilities, rawConfidence } from './raw-confidence.ts';
import { parseObject, valueAt } from './structured-output.ts';
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
  const { config } = parts;
  const asking = askingOf(parts, question, options);
  const rewrite = asking.arm === 'hybrid' ? await rewriteQuestion(parts, asking) : undefined;
  const found = asking.retriever && (await retrieveFor(config, asking, rewrite));
  const messages = messagesFor(config, asking, rewrite, found);
  // Nothing that was found is about the question: no model is asked to make something of it.
  const isAsked = found === undefined || isSufficient(found.passages, config.retrieve);
  const reply = isAsked ? await replyTo(parts, asking, messages, found) : notAsked(config, asking);
  const read = await readReply(parts, asking, { messages, reply, found, isAsked });
  return await kept(parts, asking, { rewrite, found, messages, reply, read, isAsked });
}

/** A question whose arm has all that it needs. */
interface Asking {
  question: string;
  arm: ArmName;
  options: AnswerOptions;
  /** Of the arms that retrieve. */
  retriever: Retriever | undefined;
  /** Of the arms that are trained, unless the model is itself the tuned one. */
  adapter: AdapterReference | undefined;
  adapterId: string | undefined;
}

function askingOf(parts: AnswererOptions, given: string, options: AnswerOptions): Asking {
  const { arm, turns = [] } = options;
  const question = given.trim();
  if (!question)
    throw new InvalidInputError({
      domain: 'answer',
      message: 'The question is empty.',
      hint: 'Write a question in quotes after `ask`.',
    });
  const retrieves = arm === 'rag' || arm === 'hybrid';
  if (!retrieves && turns.length > 0)
    throw new InvalidInputError({
      domain: 'answer',
      message: `The ${arm} arm answers each question by itself: a conversation tells retrieval what "it" is.`,
      hint: 'Use --arm rag or hybrid, or ask with the name in the question.',
    });
  const isTrained = arm === 'tuned' || arm === 'hybrid';
  if (isTrained && !parts.adapter)
    throw new InvalidInputError({
      domain: 'answer',
      message: `The ${arm} arm needs a trained adapter, and this project has none.`,
      hint: 'Run `tandem tune` first, or ask with --arm rag.',
    });
  if (retrieves && !parts.retriever)
    throw new InvalidInputError({
      domain: 'answer',
      message: `The ${arm} arm needs an index, and this project has none yet.`,
      hint: 'Run `tandem ingest` first.',
    });
  const { adapter, file } = (isTrained && parts.adapter) || {};
  return {
    question,
    arm,
    options,
    retriever: retrieves ? parts.retriever : undefined,
    adapter: file === undefined ? undefined : { path: file },
    adapterId: adapter?.id,
  };
}

/** The tuned model's search query for the question. An empty one is none. */
async function rewriteQuestion({ config, chat }: AnswererOptions, { question, adapter, options }: Asking) {
  const reply = await generate(chat, buildRewriteMessages(question, config.answer), {
    maxTokens: 48,
    temperature: 0,
    adapter,
    signal: options.signal,
  });
  return { reply, searchQuery: reply.text.split('\n')[0]!.trim() || undefined };
}
type Rewrite = Awaited<ReturnType<typeof rewriteQuestion>>;

type Retrieved = Retrieval & { milliseconds: number };

async function retrieveFor(
  config: Config,
  { question, options, retriever }: Asking,
  rewrite: Rewrite | undefined,
): Promise<Retrieved> {
  const before = performance.now();
  const found = await retriever!.retrieve(options.searchFor ?? question, {
    ...retrieveOptions(config, options.k ?? config.retrieve.k, options),
    ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
  });
  return { ...found, milliseconds: performance.now() - before };
}

function messagesFor(
  config: Config,
  { question, arm, options }: Asking,
  rewrite: Rewrite | undefined,
  found: Retrieved | undefined,
): ChatMessage[] {
  return buildMessages({
    arm,
    answer: config.answer,
    // What "it" is stands in brackets behind the question, or in the question as it was rewritten.
    question: found?.rewritten ?? question,
    ...(found && { passages: found.passages }),
    searchedFor: {
      ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
      ...(found?.spelledOut && { spelledOut: found.spelledOut }),
      ...(found?.missing && { missing: found.missing }),
    },
    ...(options.variant && { variant: options.variant }),
  });
}

function replyTo(
  { config, chat }: AnswererOptions,
  { options, adapter }: Asking,
  messages: ChatMessage[],
  found: Retrieved | undefined,
): Promise<Reply> {
  const { output, grammar, maxTokens, temperature } = config.answer;
  return generate(chat, messages, {
    maxTokens: options.maxTokens ?? maxTokens,
    temperature,
    adapter,
    signal: options.signal,
    probabilities: needsProbabilities(output),
    ...(output &&
      grammar && {
        schema: output.schema as JSONSchema7,
        citations: { field: output.textField, sources: found?.passages.length ?? 0 },
      }),
    ...(options.onText && { onText: options.onText }),
  });
}

function notAsked({ answer: { notInSources } }: Config, { options }: Asking): Reply {
  options.onText?.(notInSources);
  return {
    text: notInSources,
    prompt: '',
    promptTokens: 0,
    completionTokens: 0,
    milliseconds: 0,
    firstToken: undefined,
    tokens: [],
  };
}

type Read = Pick<
  Answer,
  'text' | 'output' | 'abstained' | 'citations' | 'danglingMarkers' | 'confidence' | 'rawConfidence'
>;

/** What the reply says, what it cites, and how sure the model was of it. */
async function readReply(
  { config, chat, catalog, calibrate }: AnswererOptions,
  { arm, adapter, options }: Asking,
  {
    messages,
    reply,
    found,
    isAsked,
  }: { messages: ChatMessage[]; reply: Reply; found: Retrieved | undefined; isAsked: boolean },
): Promise<Read> {
  const structured = isAsked ? config.answer.output : undefined;
  const output = structured && parseObject(reply.text, structured.schema);
  const field = structured && valueAt(output, structured.textField);
  const text = structured ? (typeof field === 'string' ? field : '') : reply.text.trim();
  const { citations, dangling } = mapCitations(text, found?.passages ?? []);
  const raw =
    structured?.confidence &&
    (await rawConfidence(chat, messages, reply, {
      path: structured.confidence.of,
      schema: structured.schema,
      adapter,
      signal: options.signal,
    }));
  const confidence = raw === undefined ? undefined : (calibrate?.(raw, arm) ?? raw);
  if (output && structured?.confidence && confidence !== undefined)
    output[structured.confidence.field] = Math.round(confidence * 1000) / 1000;
  return {
    text,
    ...(output && { output }),
    abstained: isAbstention(text, config.answer.notInSources),
    citations: await withPages(citations, catalog.documents),
    danglingMarkers: dangling,
    ...(confidence !== undefined && { confidence, rawConfidence: raw! }),
  };
}

/** Puts the answer together and keeps its trace. */
async function kept(
  { chat, catalog }: AnswererOptions,
  { question, arm, adapterId }: Asking,
  {
    rewrite,
    found,
    messages,
    reply,
    read,
    isAsked,
  }: {
    rewrite: Rewrite | undefined;
    found: Retrieved | undefined;
    messages: ChatMessage[];
    reply: Reply;
    read: Read;
    isAsked: boolean;
  },
): Promise<Answer> {
  const searched = (rewrite?.reply.milliseconds ?? 0) + (found?.milliseconds ?? 0);
  const answer: Omit<Answer, 'passages' | 'raw' | 'traceId'> = {
    question,
    arm,
    ...read,
    ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
    ...(found?.spelledOut && { spelledOut: found.spelledOut }),
    ...(found?.parts && { parts: found.parts }),
    ...(found?.missing && { missing: found.missing }),
    usage: {
      promptTokens: (rewrite?.reply.promptTokens ?? 0) + reply.promptTokens,
      completionTokens: (rewrite?.reply.completionTokens ?? 0) + reply.completionTokens,
    },
    timings: {
      ...(rewrite && { rewrite: rewrite.reply.milliseconds }),
      ...(found && { retrieve: found.milliseconds }),
      ...(reply.firstToken !== undefined && { firstToken: searched + reply.firstToken }),
      generate: reply.milliseconds,
      total: searched + reply.milliseconds,
    },
  };
  const traceId = newId('trace');
  const passages = found?.passages ?? [];
  await catalog.traces.put({
    id: traceId,
    at: new Date().toISOString(),
    question,
    arm,
    model: `${chat.provider}:${chat.modelId}`,
    ...(adapterId !== undefined && { adapterId }),
    ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
    ...(rewrite && { rewritePrompt: rewrite.reply.prompt }),
    passages,
    prompt: reply.prompt,
    ...(isAsked && { messages }),
    rawOutput: reply.text,
    answer,
  });
  return { ...answer, raw: reply.text, passages, traceId };
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

/** The agreed sentence, alone or with a lead such as the condition's name before it. */
function isAbstention(text: string, notInSources: string): boolean {
  const plain = (value: string) =>
    value
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const sentence = plain(notInSources);
  return sentence.length > 0 && plain(text).endsWith(sentence);
}
