import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import { ContextOverflowError } from '../../core/errors/context-overflow-error.ts';
import { makeId } from '../http/make-id.ts';
import type { Caller } from '../keys/caller.ts';
import type { ServedChat } from '../models/served-model.ts';
import type { ChatChunk, ChatCompletion, ChatRequest } from '../schemas/chat.ts';
import { callOptionsOf } from './call-options.ts';
import { annotationsOf, finishReasonOf, logprobsOf, textOf, toolCallsOf, usageOf } from './completion.ts';

/** What answers are made with. */
export interface ChatContext {
  served: ServedChat;
  caller: Caller;
  /** Unix seconds. */
  now: number;
  signal: AbortSignal;
}

/** Where a request does not say how long its answer may be: so long, or as long as there is room for. */
const defaultMaxTokens = 1024;

/** Waits for the model's turn, and answers. */
export async function answerChat(request: ChatRequest, context: ChatContext): Promise<ChatCompletion> {
  const { served, caller, signal } = context;
  return served.queue.run(
    caller.id,
    async () => {
      const { model, options } = await open(request, context);
      const results: LanguageModelV4GenerateResult[] = [];
      for (let index = 0; index < (request.n ?? 1); index++)
        results.push(await withRoom(ofChoice(options, index), (call) => model.doGenerate(call)));
      return {
        ...headOf(context),
        object: 'chat.completion',
        choices: results.map(({ content, finishReason, providerMetadata }, index) => {
          const text = textOf(content);
          const calls = toolCallsOf(content);
          const annotations = annotationsOf(
            content.filter((part) => part.type === 'source'),
            text ?? '',
          );
          return {
            index,
            message: {
              role: 'assistant',
              content: text ?? (calls.length > 0 ? null : ''),
              refusal: null,
              annotations,
              ...(calls.length > 0 && { tool_calls: calls }),
            },
            logprobs: logprobsOf(providerMetadata),
            finish_reason: finishReasonOf(finishReason),
          };
        }),
        usage: usageOf(results.map(({ usage }) => usage)),
        service_tier: 'default',
      };
    },
    signal,
  );
}

/** The same piece by piece. What goes wrong before the first piece is thrown at once, so that it can be answered with a status. */
export async function* streamChat(request: ChatRequest, context: ChatContext): AsyncGenerator<ChatChunk> {
  const { served, caller, signal } = context;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const turn = Promise.withResolvers<void>();
  // The model's turn lasts until the last piece is read, or the reader goes away.
  const running = served.queue.run(
    caller.id,
    async () => {
      turn.resolve();
      await ended;
    },
    signal,
  );
  running.catch(turn.reject);
  try {
    await turn.promise;
    yield* piecesOf(request, context);
  } finally {
    end();
    await running.catch(() => {});
  }
}

async function* piecesOf(request: ChatRequest, context: ChatContext): AsyncGenerator<ChatChunk> {
  const { model, options } = await open(request, context);
  const includeUsage = request.stream_options?.include_usage === true;
  const head = {
    ...headOf(context),
    object: 'chat.completion.chunk' as const,
    ...(includeUsage && { usage: null }),
  };
  const usages: LanguageModelV4Usage[] = [];
  for (let index = 0; index < (request.n ?? 1); index++) {
    const { stream } = await withRoom(ofChoice(options, index), (call) => model.doStream(call));
    for await (const choice of choicesOf(stream, { index, usages, logprobs: request.logprobs === true }))
      yield { ...head, choices: [choice] };
  }
  if (includeUsage) yield { ...head, choices: [], usage: usageOf(usages) };
}

type Choice = ChatChunk['choices'][number];

async function* choicesOf(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  {
    index,
    usages,
    logprobs: withLogprobs,
  }: { index: number; usages: LanguageModelV4Usage[]; logprobs: boolean },
): AsyncGenerator<Choice> {
  let text = '';
  let tools = -1;
  let scored = false;
  const begun = new Set<string>();
  const sources: LanguageModelV4Source[] = [];
  const piece = (delta: Choice['delta'], more: Partial<Choice> = {}): Choice => ({
    index,
    delta,
    finish_reason: null,
    ...more,
  });
  yield piece({ role: 'assistant', content: '', refusal: null });
  for await (const part of stream) {
    switch (part.type) {
      case 'text-delta': {
        text += part.delta;
        const logprobs = withLogprobs ? logprobsOf(part.providerMetadata) : null;
        scored ||= logprobs !== null;
        yield piece({ content: part.delta }, logprobs ? { logprobs } : {});
        break;
      }
      case 'tool-input-start':
        tools++;
        begun.add(part.id);
        yield piece({
          tool_calls: [
            { index: tools, id: part.id, type: 'function', function: { name: part.toolName, arguments: '' } },
          ],
        });
        break;
      case 'tool-input-delta':
        yield piece({ tool_calls: [{ index: tools, function: { arguments: part.delta } }] });
        break;
      case 'tool-call':
        if (begun.has(part.toolCallId)) break;
        tools++;
        yield piece({
          tool_calls: [
            {
              index: tools,
              id: part.toolCallId,
              type: 'function',
              function: { name: part.toolName, arguments: part.input },
            },
          ],
        });
        break;
      case 'source':
        sources.push(part);
        break;
      case 'error':
        throw part.error;
      case 'finish': {
        usages.push(part.usage);
        if (sources.length > 0) yield piece({ annotations: annotationsOf(sources, text) });
        const logprobs = withLogprobs && !scored ? logprobsOf(part.providerMetadata) : null;
        yield piece({}, { finish_reason: finishReasonOf(part.finishReason), ...(logprobs && { logprobs }) });
        break;
      }
      default:
    }
  }
}

async function open(
  request: ChatRequest,
  { served, caller, signal }: ChatContext,
): Promise<{ model: LanguageModelV4; options: LanguageModelV4CallOptions }> {
  const model = await served.open();
  return {
    model,
    options: callOptionsOf(request, { model, options: served.optionsFor?.(caller) ?? {}, signal }),
  };
}

/** Several replies to one prompt differ where they are drawn. */
function ofChoice(options: LanguageModelV4CallOptions, index: number): LanguageModelV4CallOptions {
  return index === 0 || options.seed === undefined ? options : { ...options, seed: options.seed + index };
}

/** A prompt that fits is answered also where it leaves less room than an answer usually gets. */
async function withRoom<T>(
  options: LanguageModelV4CallOptions,
  call: (options: LanguageModelV4CallOptions) => PromiseLike<T>,
): Promise<T> {
  if (options.maxOutputTokens !== undefined) return call(options);
  try {
    return await call({ ...options, maxOutputTokens: defaultMaxTokens });
  } catch (error) {
    if (!ContextOverflowError.isInstance(error) || error.promptTokens >= error.contextLength) throw error;
    return call({ ...options, maxOutputTokens: error.contextLength - error.promptTokens });
  }
}

const headOf = ({ served, now }: ChatContext) => ({
  id: makeId('chatcmpl'),
  created: now,
  model: served.id,
  system_fingerprint: served.fingerprint,
});
