import type { JSONSchema7, LanguageModelV4, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { ProviderError } from '../core/errors/provider-error.ts';
import type { ChatMessage } from '../core/types/example.ts';
import type { AdapterReference } from '../models/local-tools.ts';

/** What a model wrote, and what it took. */
export interface Reply {
  text: string;
  /** As the model saw it, special tokens included; of a hosted model the request's JSON. */
  prompt: string;
  promptTokens: number;
  completionTokens: number;
  milliseconds: number;
  /** Milliseconds; undefined where the reply came whole and the model does not say. */
  firstToken: number | undefined;
  /** Where `probabilities` were asked for and the model gives them. */
  tokens: { text: string; probability: number }[];
}

/**
 * One call of a language model: whole, or piece by piece to `onText`.
 * @throws ProviderError where a stream ends before the answer does; what the model itself throws goes through.
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
  // An AI SDK model calls its provider "name.chat".
  const [provider] = chat.provider.split('.') as [string];
  throw new ProviderError({
    domain: 'answer',
    provider,
    message: `${provider} ended the stream of ${chat.modelId} in the middle of the answer.`,
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
