import {
  APICallError,
  type JSONSchema7,
  type LanguageModelV4,
  type LanguageModelV4FinishReason,
  type LanguageModelV4Prompt,
  type LanguageModelV4Usage,
  type SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import { ProviderError } from '../core/errors/provider-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { FinishReason } from '../core/types/answer.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { type AdapterReference, type LocalChatTools, localToolsOf } from '../models/local-tools.ts';
import { beforeRepetition } from './repetition.ts';

/** What a model wrote, with its time and tokens. */
export interface Reply {
  text: string;
  /** As the model saw it, special tokens included; of a hosted model the request's JSON. */
  prompt: string;
  promptTokens: number;
  completionTokens: number;
  milliseconds: number;
  /** Milliseconds; undefined where the reply came whole and the model does not say. */
  firstToken: number | undefined;
  /** Why the model stopped, as the AI SDK names it; undefined where no model was asked. */
  finishReason?: FinishReason;
  /** Where `probabilities` were asked for and the model gives them. */
  tokens: { text: string; probability: number }[];
}

/**
 * One call of a language model: whole, or piece by piece to `onText`.
 * @throws ProviderError where a hosted model refuses, fails, cannot be reached, or ends its stream before the answer.
 */
export async function generate(
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
    /** Stop a local model that begins to say the same again. */
    stopAtRepetition?: boolean;
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
    ...((options.adapter || options.probabilities || options.citations || localToolsOf(chat)) && {
      providerOptions: {
        tandem: {
          // Only the last message is about this question and has documents in it.
          ...(localToolsOf(chat) && { sharedMessages: messages.length - 1 }),
          ...(options.adapter && { adapter: { ...options.adapter } }),
          ...(options.probabilities && { probabilities: true }),
          ...(options.citations && { citations: options.citations }),
        },
      },
    }),
  };
  const tools = options.stopAtRepetition ? localToolsOf(chat) : undefined;
  if (!options.onText && !tools) {
    const result = await callModel(chat, options.signal, () => chat.doGenerate(call));
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return finish(text, result.request?.body, result, undefined);
  }
  const { stream, request } = await callModel(chat, options.signal, () => chat.doStream(call));
  const reader = stream.getReader();
  let text = '';
  let firstToken: number | undefined;
  try {
    for (;;) {
      const part = await callModel(chat, options.signal, async () => {
        const { done, value } = await reader.read();
        if (done) throw new Error('The stream ended before the answer.');
        if (value.type === 'error') throw value.error;
        return value;
      });
      if (part.type === 'text-delta') {
        firstToken ??= performance.now() - started;
        text += part.delta;
        options.onText?.(part.delta);
        if (tools && /[\s.!?]/.test(part.delta) && beforeRepetition(text) !== undefined)
          return stopped(tools);
      } else if (part.type === 'finish') return finish(text, request?.body, part, firstToken);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }

  function stopped({ countTokens, encodePrompt }: LocalChatTools): Reply {
    return {
      text,
      prompt: renderedPrompt(request?.body) ?? JSON.stringify(messages),
      promptTokens: encodePrompt(messages).length,
      completionTokens: countTokens(text),
      milliseconds: performance.now() - started,
      firstToken,
      finishReason: 'other',
      tokens: [],
    };
  }

  function finish(
    reply: string,
    body: unknown,
    { usage, finishReason, providerMetadata }: Ending,
    streamedFirst: number | undefined,
  ): Reply {
    const metadata = providerMetadata?.tandem;
    // The local model reports its own times: scoring a finished answer's tokens is not part of answering.
    const own = metadata?.timings as { firstToken: number; generate: number } | undefined;
    return {
      text: reply,
      prompt: renderedPrompt(body) ?? JSON.stringify(messages),
      promptTokens: usage.inputTokens.total ?? 0,
      completionTokens: usage.outputTokens.total ?? 0,
      milliseconds: own ? own.firstToken + own.generate : performance.now() - started,
      firstToken: streamedFirst ?? own?.firstToken,
      finishReason: finishReason.unified,
      tokens: (metadata?.tokens as Reply['tokens'] | undefined) ?? [],
    };
  }
}

/** What a model says of a reply when it is whole. */
interface Ending {
  usage: LanguageModelV4Usage;
  finishReason: LanguageModelV4FinishReason;
  providerMetadata?: SharedV4ProviderMetadata;
}

/** An error of a hosted model becomes its provider's error; that of a local model, and an abort, stays as it is. */
async function callModel<T>(
  chat: LanguageModelV4,
  signal: AbortSignal | undefined,
  ask: () => PromiseLike<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (TandemError.isInstance(error) || localToolsOf(chat) || signal?.aborted) throw error;
    // AI SDK models call their provider "name.chat".
    const [provider] = chat.provider.split('.') as [string];
    // One that broke off after a 200 was not refused.
    const answered = APICallError.isInstance(error) ? error.statusCode : undefined;
    const status = answered !== undefined && answered >= 400 ? answered : undefined;
    const said =
      error instanceof Error ? error.message : typeof error === 'string' ? error : JSON.stringify(error);
    throw new ProviderError({
      domain: 'answer',
      provider,
      ...(status !== undefined && { status }),
      message: `${provider} did not finish an answer of ${chat.modelId}${status === undefined ? '' : ` (HTTP ${status})`}: ${said}`,
      hint: "Ask again; if it stays so, check the provider's address, its key and its log.",
      cause: error,
    });
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
