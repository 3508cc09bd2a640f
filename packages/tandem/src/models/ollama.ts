import type {
  EmbeddingModelV4,
  JSONObject,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { z } from 'zod';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { ModelUnavailableError } from '../core/errors/model-unavailable-error.ts';

export interface OllamaOptions {
  /** The provider's name in the config. */
  name: string;
  baseURL: string;
  /** `num_ctx`; by default what the model was trained with, 8192 at most. */
  contextLength?: number | undefined;
  fetch: typeof fetch;
}

const defaultContextLength = 8192;
const defaultMaxOutputTokens = 512;
/** A tokeniser that packs more bytes than this into a token, over a whole prompt, is not known. */
const maxBytesPerToken = 8;

/**
 * A chat model of an Ollama server, by its own API (`POST /api/chat`). Its OpenAI-compatible one cannot set the context's
 * length, and either shortens a prompt that is too long and answers 200. So: `num_ctx` is always sent; `truncate` and
 * `shift` are switched off, which servers since October 2025 heed; and for older ones the token count that comes back is
 * compared with what was sent. Where a prompt was cut, or would leave no room for the answer, ContextOverflowError.
 */
export function ollamaLanguageModel(model: string, options: OllamaOptions): LanguageModelV4 {
  const contextLength = once(() => contextLengthOf(model, options));
  return {
    specificationVersion: 'v4',
    provider: `${options.name}.ollama`,
    modelId: model,
    supportedUrls: {},
    async doGenerate(call) {
      const prepared = prepare(model, call, await contextLength());
      const response = await post(
        options,
        '/api/chat',
        { ...prepared.body, stream: false },
        call.abortSignal,
        prepared,
      );
      const reply = parse(chatReply, await response.json(), options);
      checkNotCut(reply, prepared);
      const text = reply.message?.content ?? '';
      return {
        content: text === '' ? [] : [{ type: 'text', text }],
        finishReason: finishReasonOf(reply),
        usage: usageOf(reply),
        warnings: prepared.warnings,
        request: { body: prepared.body },
        response: { timestamp: new Date(), modelId: reply.model ?? model },
      };
    },
    async doStream(call) {
      const prepared = prepare(model, call, await contextLength());
      const response = await post(
        options,
        '/api/chat',
        { ...prepared.body, stream: true },
        call.abortSignal,
        prepared,
      );
      return { request: { body: prepared.body }, stream: streamParts(response, prepared, options) };
    },
  };
}

/** An embedder of an Ollama server (`POST /api/embed`). A text that is too long is the server's error, never cut. */
export function ollamaEmbedder(model: string, options: OllamaOptions): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: `${options.name}.ollama`,
    modelId: model,
    maxEmbeddingsPerCall: 256,
    supportsParallelCalls: false,
    async doEmbed({ values, abortSignal, dimensions }) {
      const body = { model, input: values, truncate: false, ...(dimensions !== undefined && { dimensions }) };
      const response = await post(options, '/api/embed', body, abortSignal);
      const reply = parse(embedReply, await response.json(), options);
      if (reply.embeddings.length !== values.length) {
        throw unavailable(
          options,
          model,
          `it returned ${reply.embeddings.length} vectors for ${values.length} texts`,
        );
      }
      return {
        embeddings: reply.embeddings,
        ...(reply.prompt_eval_count !== undefined && { usage: { tokens: reply.prompt_eval_count } }),
        warnings: [],
      };
    },
  };
}

const chatReply = z.object({
  model: z.string().optional(),
  message: z.object({ content: z.string() }).optional(),
  done: z.boolean().optional(),
  done_reason: z.string().optional(),
  prompt_eval_count: z.number().optional(),
  eval_count: z.number().optional(),
  error: z.string().optional(),
});
type ChatReply = z.infer<typeof chatReply>;

const embedReply = z.object({
  embeddings: z.array(z.array(z.number())),
  prompt_eval_count: z.number().optional(),
});

interface Prepared {
  body: JSONObject;
  promptBytes: number;
  messages: number;
  maxOutputTokens: number;
  contextLength: number;
  warnings: SharedV4Warning[];
}

function prepare(model: string, call: LanguageModelV4CallOptions, contextLength: number): Prepared {
  const messages = toMessages(call.prompt);
  const maxOutputTokens = call.maxOutputTokens ?? defaultMaxOutputTokens;
  const warnings: SharedV4Warning[] = [];
  if (call.tools !== undefined && call.tools.length > 0)
    warnings.push({ type: 'unsupported', feature: 'tools' });
  if (call.providerOptions?.tandem?.adapter !== undefined) {
    throw new InvalidInputError({
      domain: 'models',
      where: 'providerOptions.tandem.adapter',
      message: `The model ${model} runs in Ollama, which cannot be given an adapter with a call.`,
      hint: 'Use the adapter with a local: model, or make an Ollama model of base and adapter (ADAPTER in a Modelfile).',
    });
  }
  const json = call.responseFormat?.type === 'json' ? (call.responseFormat.schema ?? 'json') : undefined;
  return {
    body: {
      model,
      messages,
      truncate: false,
      shift: false,
      ...(json !== undefined && { format: json as JSONObject }),
      options: withoutUndefined({
        num_ctx: contextLength,
        num_predict: maxOutputTokens,
        temperature: call.temperature ?? 0,
        top_p: call.topP,
        top_k: call.topK,
        seed: call.seed,
        stop: call.stopSequences,
        presence_penalty: call.presencePenalty,
        frequency_penalty: call.frequencyPenalty,
      }),
    },
    promptBytes: messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
    messages: messages.length,
    maxOutputTokens,
    contextLength,
    warnings,
  };
}

function withoutUndefined(values: Record<string, unknown>): JSONObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JSONObject;
}

function toMessages(prompt: LanguageModelV4Prompt): { role: string; content: string }[] {
  return prompt.map((message) => {
    if (message.role === 'system') return { role: 'system', content: message.content };
    const texts = message.content.map((part) => {
      if (part.type === 'text') return part.text;
      throw new InvalidInputError({
        domain: 'models',
        message: `An Ollama model is given text only here, and the prompt has ${part.type}.`,
        hint: 'Send the content as text.',
      });
    });
    return { role: message.role, content: texts.join('') };
  });
}

/** Raises ContextOverflowError where the server cannot have read the whole prompt, or had no room for the answer. */
function checkNotCut(reply: ChatReply, prepared: Prepared): void {
  const { promptBytes, messages, maxOutputTokens, contextLength } = prepared;
  // A token is one byte at least; a template adds less than this to each message.
  const most = promptBytes + 64 * (messages + 1);
  if (most + maxOutputTokens <= contextLength) return;
  const read = reply.prompt_eval_count;
  if (read !== undefined && read + maxOutputTokens <= contextLength && read * maxBytesPerToken >= promptBytes)
    return;
  throw overflow(prepared, read === undefined || read * maxBytesPerToken < promptBytes ? undefined : read);
}

function overflow(prepared: Prepared, promptTokens: number | undefined): ContextOverflowError {
  return new ContextOverflowError({
    what: promptTokens === undefined ? 'prompt, at four bytes for a token,' : 'prompt',
    promptTokens: promptTokens ?? Math.ceil(prepared.promptBytes / 4),
    reservedTokens: prepared.maxOutputTokens,
    contextLength: prepared.contextLength,
  });
}

function finishReasonOf(reply: ChatReply): LanguageModelV4FinishReason {
  const raw = reply.done_reason;
  return { unified: raw === 'stop' || raw === 'length' ? raw : 'other', raw };
}

function usageOf(reply: ChatReply): LanguageModelV4Usage {
  return {
    inputTokens: {
      total: reply.prompt_eval_count,
      noCache: undefined,
      cacheRead: undefined,
      cacheWrite: undefined,
    },
    outputTokens: { total: reply.eval_count, text: reply.eval_count, reasoning: undefined },
  };
}

/** Newline-delimited JSON to stream parts. */
function streamParts(response: Response, prepared: Prepared, options: OllamaOptions) {
  const id = '0';
  let rest = '';
  let finished = false;
  const read = (line: string, controller: TransformStreamDefaultController<LanguageModelV4StreamPart>) => {
    if (line.trim() === '') return;
    const reply = parse(chatReply, JSON.parse(line), options);
    if (reply.error !== undefined) throw unavailable(options, String(prepared.body.model), reply.error);
    const delta = reply.message?.content ?? '';
    if (delta !== '') controller.enqueue({ type: 'text-delta', id, delta });
    if (!reply.done) return;
    checkNotCut(reply, prepared);
    finished = true;
    controller.enqueue({ type: 'text-end', id });
    controller.enqueue({ type: 'finish', usage: usageOf(reply), finishReason: finishReasonOf(reply) });
  };
  const body = response.body as ReadableStream<Uint8Array<ArrayBuffer>>;
  return body.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TransformStream<string, LanguageModelV4StreamPart>({
      start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: prepared.warnings });
        controller.enqueue({ type: 'text-start', id });
      },
      transform(text, controller) {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) read(line, controller);
      },
      flush(controller) {
        read(rest, controller);
        if (!finished) throw unavailable(options, String(prepared.body.model), 'the answer broke off');
      },
    }),
  );
}

async function contextLengthOf(model: string, options: OllamaOptions): Promise<number> {
  if (options.contextLength !== undefined) return options.contextLength;
  const response = await post(options, '/api/show', { model }, undefined);
  const shown = z
    .object({ model_info: z.record(z.string(), z.unknown()).optional() })
    .parse(await response.json());
  const trained = shown.model_info?.[`${shown.model_info['general.architecture']}.context_length`];
  return typeof trained === 'number' ? Math.min(trained, defaultContextLength) : defaultContextLength;
}

async function post(
  options: OllamaOptions,
  path: string,
  body: JSONObject,
  signal: AbortSignal | undefined,
  prepared?: Prepared,
): Promise<Response> {
  let response: Response;
  try {
    response = await options.fetch(options.baseURL.replace(/\/+$/, '') + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const reason =
      ((cause as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (cause as Error).message;
    throw new ModelUnavailableError({
      reference: `${options.name}:${body.model}`,
      message: `No Ollama server answers at ${options.baseURL} (${reason}).`,
      hint: 'Start it with "ollama serve", or correct baseURL in tandem.config.ts.',
      cause,
    });
  }
  if (response.ok) return response;
  const text = await response.text();
  const message = z.object({ error: z.string() }).safeParse(safeJson(text)).data?.error ?? text.slice(0, 200);
  if (prepared !== undefined && response.status === 400 && /context|exceed|too long/i.test(message)) {
    throw overflow(prepared, undefined);
  }
  throw unavailable(options, String(body.model), `${response.status}: ${message}`);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(options: OllamaOptions, model: string, reason: string): ModelUnavailableError {
  const missing = /not found/i.test(reason);
  return new ModelUnavailableError({
    reference: `${options.name}:${model}`,
    message: missing
      ? `The Ollama server at ${options.baseURL} has no model ${model}.`
      : `The Ollama server at ${options.baseURL} failed on ${model} (${reason}).`,
    hint: missing ? `Run: ollama pull ${model}` : "Look into the server's log.",
  });
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  options: OllamaOptions,
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unavailable(options, 'the model', `its answer is not understood: ${z.prettifyError(parsed.error)}`);
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    // A failure is asked again: the server may be started meanwhile.
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
