import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Citation,
  LanguageModelV4FilePart,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Text,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { z } from 'zod';
import type { AnswererOptions, AnsweringParts, AnswerOptions } from '../answer/answerer.ts';
import { ask, streamAnswer } from '../answer/ask.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Answer, type ArmName, armNames, type Citation } from '../core/types/answer.ts';
import type { Turn } from '../retrieve/conversation.ts';

/** Which way a Tandem answers as a language model: an arm, or `extract`, the sources' own words. */
export type TandemModel = ArmName | 'extract';

/** What a call may say in `providerOptions.tandem`. */
const callOptions = z.strictObject({
  /** Passages in the prompt. */
  k: z.int().min(1).optional(),
  /** Access labels that the asker holds; absent: every document. */
  access: z.array(z.string()).optional(),
  /** Only these documents. */
  documentIds: z.array(z.string()).optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  adapterId: z.string().optional(),
});
export type TandemCallOptions = z.input<typeof callOptions>;

/**
 * A Tandem as an AI SDK language model. The last user message is the question, what was said before it the conversation. Each citation comes
 * as a `source` part whose `providerMetadata.tandem` has the exact span and the sentence; `providerMetadata.tandem` of the result has the
 * trace's id and whether the sources had no answer.
 */
export function tandemModel(parts: AnsweringParts, name?: TandemModel): LanguageModelV4 {
  if (name !== undefined && name !== 'extract' && !armNames.includes(name))
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'languageModel',
      message: `There is no way to answer called ${JSON.stringify(name)}.`,
      hint: `Use one of ${[...armNames, 'extract'].join(', ')}, or none for the one in use.`,
    });
  return {
    specificationVersion: 'v4',
    provider: 'tandem',
    modelId: name ?? 'in-use',
    supportedUrls: {},
    async doGenerate(call) {
      const { question, options, warnings } = read(call, name);
      const answer = await ask(parts, question, options);
      return {
        content: [
          { type: 'text', text: textOf(answer), ...citationsOf(answer) },
          ...answer.citations.map(sourceOf),
        ],
        finishReason: { unified: 'stop', raw: undefined },
        usage: usageOf(answer),
        warnings,
        providerMetadata: metadataOf(answer),
      };
    },
    async doStream(call) {
      const { question, options, warnings } = read(call, name);
      const stop = new AbortController();
      const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
      const { events, result } = streamAnswer(parts, question, { ...options, signal });
      const iterator = events[Symbol.asyncIterator]();
      let sources = 0;
      return {
        stream: new ReadableStream<LanguageModelV4StreamPart>({
          start(controller) {
            controller.enqueue({ type: 'stream-start', warnings });
            controller.enqueue({ type: 'text-start', id: 'answer' });
          },
          async pull(controller) {
            try {
              const { done, value: event } = await iterator.next();
              if (done) {
                const answer = await result;
                controller.enqueue({ type: 'text-end', id: 'answer', ...citationsOf(answer) });
                controller.enqueue({
                  type: 'finish',
                  finishReason: { unified: 'stop', raw: undefined },
                  usage: usageOf(answer),
                  providerMetadata: metadataOf(answer),
                });
                controller.close();
              } else if (event.type === 'text')
                controller.enqueue({ type: 'text-delta', id: 'answer', delta: event.text });
              else if (event.type === 'citation') controller.enqueue(sourceOf(event.citation, sources++));
            } catch (error) {
              controller.enqueue({ type: 'error', error });
              controller.close();
            }
          },
          // A reader that stops reading has the answer stopped.
          cancel: () => stop.abort(),
        }),
      };
    },
  };
}

function read(
  call: LanguageModelV4CallOptions,
  name: TandemModel | undefined,
): { question: string; options: AnswererOptions & AnswerOptions; warnings: SharedV4Warning[] } {
  const parsed = callOptions.safeParse(call.providerOptions?.tandem ?? {});
  if (!parsed.success)
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'providerOptions.tandem',
      message: `providerOptions.tandem is not understood: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}.`,
      hint: 'It takes k, access, documentIds, metadata and adapterId.',
    });
  const { k, access, documentIds, metadata, adapterId } = parsed.data;
  const turns = call.prompt.flatMap((message): Turn[] =>
    message.role === 'user' || message.role === 'assistant'
      ? [{ role: message.role, content: plainText(message.content) }]
      : [],
  );
  const last = turns.findLastIndex(({ role }) => role === 'user');
  if (last === -1)
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'prompt',
      message: 'The prompt has no message of the user.',
      hint: 'The last message of the user is the question.',
    });
  const before = turns.slice(0, last);
  const searches = name !== 'base' && name !== 'tuned';
  return {
    question: turns[last]!.content,
    options: {
      ...(name === 'extract' ? { extract: true } : name !== undefined && { arm: name }),
      ...(before.length > 0 && searches && { turns: before }),
      ...(call.maxOutputTokens !== undefined && { maxTokens: call.maxOutputTokens }),
      ...(k !== undefined && { k }),
      ...(access && { access }),
      ...(documentIds && { documentIds }),
      ...(metadata && { metadata }),
      ...(adapterId !== undefined && { adapterId }),
      ...(call.abortSignal && { signal: call.abortSignal }),
    },
    warnings: warningsFor(call),
  };
}

/** What the SDK offers and this model does not do, so that nobody believes that it was done. */
function warningsFor(call: LanguageModelV4CallOptions): SharedV4Warning[] {
  const warnings: SharedV4Warning[] = [];
  const passedOver = (feature: string, details: string) =>
    warnings.push({ type: 'unsupported', feature, details });
  if (call.prompt.some(({ role }) => role === 'system'))
    passedOver('system messages', 'what the model is told is set by settings.answer');
  if (call.tools?.length) passedOver('tools', 'a Tandem answers from its documents and calls no tools');
  if (call.responseFormat?.type === 'json')
    passedOver('responseFormat', 'the form of replies is set by settings.answer.output');
  for (const setting of [
    'temperature',
    'topP',
    'topK',
    'presencePenalty',
    'frequencyPenalty',
    'seed',
  ] as const)
    if (call[setting] !== undefined) passedOver(setting, 'set by settings.answer');
  if (call.stopSequences?.length) passedOver('stopSequences', 'replies end where the model ends them');
  return warnings;
}

function plainText(content: readonly ({ type: string; text?: string } | LanguageModelV4FilePart)[]): string {
  return content
    .map((part) => ('text' in part && part.type === 'text' ? (part.text ?? '') : ''))
    .join('')
    .trim();
}

/** What a person reads; where the reply is JSON, all of it. */
const textOf = ({ output, raw, text }: Answer): string => (output ? raw : text || raw);

const citationsOf = ({ citations }: Answer): Pick<LanguageModelV4Text, 'citations'> =>
  citations.length === 0
    ? {}
    : {
        citations: citations.map(
          (citation, at): LanguageModelV4Citation => ({
            source: sourceOf(citation, at),
            citedText: citation.quote,
          }),
        ),
      };

function sourceOf(citation: Citation, at: number): LanguageModelV4Source {
  const { uri, documentId, marker, start, end, quote, sentence } = citation;
  const common = {
    type: 'source',
    id: `citation-${at + 1}`,
    title: `${uri}:${start}–${end}`,
    providerMetadata: { tandem: { uri, documentId, marker, start, end, quote, sentence } },
  } as const;
  return /^https?:\/\//i.test(uri)
    ? { ...common, sourceType: 'url', url: uri }
    : { ...common, sourceType: 'document', mediaType: 'text/plain', filename: uri };
}

function usageOf({ usage: { promptTokens, completionTokens } }: Answer): LanguageModelV4Usage {
  return {
    inputTokens: { total: promptTokens, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: completionTokens, text: completionTokens, reasoning: undefined },
  };
}

const metadataOf = ({ traceId, arm, abstained }: Answer): SharedV4ProviderMetadata => ({
  tandem: { traceId, arm, abstained },
});
