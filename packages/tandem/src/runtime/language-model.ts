import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Citation,
  LanguageModelV4FinishReason,
  LanguageModelV4Source,
  LanguageModelV4StreamPart,
  LanguageModelV4Text,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { z } from 'zod';
import {
  type Answerer,
  type AnsweringParts,
  type AnswerOptions,
  createAnswerer,
} from '../answer/answerer.ts';
import type { AnswerStream } from '../answer/events.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type Answer, type ArmName, armNames, type Citation } from '../core/types/answer.ts';
import type { Turn } from '../retrieve/conversation.ts';
import { searchCallOptions } from './search-call-options.ts';

/** Which way a Tandem answers as a language model: an arm, or `extract`, the sources' own words. */
export type TandemModel = ArmName | 'extract';

const callOptions = searchCallOptions.extend({
  /** Of the arms tuned and hybrid. Default: the adapter in use, else the latest. */
  adapterId: z.string().optional(),
});
/** What a call may say in `providerOptions.tandem`. */
export type TandemCallOptions = z.input<typeof callOptions>;

/**
 * A Tandem as an AI SDK language model. The last user message is the question, what was said before it the conversation. Each citation comes
 * as a `source` part, once the text is checked, whose `providerMetadata.tandem` has the exact span, the sentence and the verdict;
 * `providerMetadata.tandem` of the result has the trace's id and whether the sources had no answer.
 * @throws InvalidInputError for a name that is no way to answer.
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
      const { answerer, question, options, warnings } = await prepare(parts, call, name);
      const answer = await answerer.answer(question, options);
      return {
        content: [
          { type: 'text', text: textOf(answer), ...citationsOf(answer) },
          ...answer.citations.map(sourceOf),
        ],
        finishReason: finishReasonOf(answer),
        usage: usageOf(answer),
        warnings,
        providerMetadata: metadataOf(answer),
      };
    },
    async doStream(call) {
      const { answerer, question, options, warnings } = await prepare(parts, call, name);
      const stop = new AbortController();
      const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
      const parted = streamParts(answerer.stream(question, { ...options, signal }), warnings);
      return {
        stream: new ReadableStream<LanguageModelV4StreamPart>({
          async pull(controller) {
            const { done, value } = await parted.next();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          // A reader that stops reading has the answer stopped.
          cancel: () => stop.abort(),
        }),
      };
    },
  };
}

/** An answer's events as the SDK's stream has them. What goes wrong is its last part. */
async function* streamParts(
  { events, result }: AnswerStream,
  warnings: SharedV4Warning[],
): AsyncGenerator<LanguageModelV4StreamPart, undefined> {
  const id = 'answer';
  yield { type: 'stream-start', warnings };
  yield { type: 'text-start', id };
  try {
    for await (const event of events)
      if (event.type === 'text') yield { type: 'text-delta', id, delta: event.text };
    const answer = await result;
    // A source is worth showing with what was found of it: its verdict, which comes when the whole text is checked.
    yield* answer.citations.map(sourceOf);
    yield { type: 'text-end', id, ...citationsOf(answer) };
    yield {
      type: 'finish',
      finishReason: finishReasonOf(answer),
      usage: usageOf(answer),
      providerMetadata: metadataOf(answer),
    };
  } catch (error) {
    yield { type: 'error', error };
  }
}

async function prepare(
  parts: AnsweringParts,
  call: LanguageModelV4CallOptions,
  name: TandemModel | undefined,
): Promise<{ answerer: Answerer; question: string; options: AnswerOptions; warnings: SharedV4Warning[] }> {
  const parsed = callOptions.safeParse(call.providerOptions?.tandem ?? {});
  if (!parsed.success)
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'providerOptions.tandem',
      message: `providerOptions.tandem is not understood: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}.`,
      hint: 'It takes k, access, documentIds, metadata and adapterId.',
    });
  const { k, access, documentIds, metadata, adapterId } = parsed.data;
  const turns = turnsOf(call.prompt);
  const last = turns.findLastIndex(({ role }) => role === 'user');
  if (last === -1)
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'prompt',
      message: 'The prompt has no message of the user with text in it.',
      hint: 'The last message of the user is the question.',
    });
  const answerer = await createAnswerer(parts, {
    ...(name === 'extract' ? { extract: true } : name !== undefined && { arm: name }),
    ...(adapterId !== undefined && { adapterId }),
  });
  const before = turns.slice(0, last);
  const searches = answerer.arm === 'rag' || answerer.arm === 'hybrid';
  const warnings = warningsFor(call);
  if (before.length > 0 && !searches)
    warnings.push({
      type: 'unsupported',
      feature: 'conversations',
      details: `the ${answerer.arm} arm answers each question by itself; what was said before it is not read`,
    });
  return {
    answerer,
    question: turns[last]!.content,
    options: {
      ...(before.length > 0 && searches && { turns: before }),
      ...(call.maxOutputTokens !== undefined && { maxTokens: call.maxOutputTokens }),
      ...(k !== undefined && { k }),
      ...(access && { access }),
      ...(documentIds && { documentIds }),
      ...(metadata && { metadata }),
      ...(call.abortSignal && { signal: call.abortSignal }),
    },
    warnings,
  };
}

/** What was said, in words: messages that have none (pictures, calls of tools) are left out. */
function turnsOf(prompt: LanguageModelV4CallOptions['prompt']): Turn[] {
  return prompt.flatMap((message): Turn[] => {
    if (message.role !== 'user' && message.role !== 'assistant') return [];
    const content = message.content
      .map((part) => (part.type === 'text' ? part.text : ''))
      .join('')
      .trim();
    return content === '' ? [] : [{ role: message.role, content }];
  });
}

/** Warnings of what the SDK offers and this model does not do, so that no caller believes that it was done. */
function warningsFor(call: LanguageModelV4CallOptions): SharedV4Warning[] {
  const warnings: SharedV4Warning[] = [];
  const passedOver = (feature: string, details: string) =>
    warnings.push({ type: 'unsupported', feature, details });
  if (call.prompt.some(({ role }) => role === 'system'))
    passedOver('system messages', 'what the model is told is set by settings.answer');
  if (call.prompt.some(({ role, content }) => role === 'user' && content.some(({ type }) => type === 'file')))
    passedOver('files', 'only the text of messages is read');
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
  if (call.reasoning !== undefined && call.reasoning !== 'provider-default')
    passedOver('reasoning', 'set by the chat model itself');
  if (call.stopSequences?.length) passedOver('stopSequences', 'replies end where the model ends them');
  return warnings;
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
  const { uri, documentId, marker, start, end, quote, sentence, verdict } = citation;
  const common = {
    type: 'source',
    id: `citation-${at + 1}`,
    title: `${uri}:${start}–${end}`,
    providerMetadata: {
      tandem: {
        uri,
        documentId,
        marker,
        start,
        end,
        quote,
        sentence,
        ...(verdict && { verdict: verdict.label }),
      },
    },
  } as const;
  return /^https?:\/\//i.test(uri)
    ? { ...common, sourceType: 'url', url: uri }
    : { ...common, sourceType: 'document', mediaType: 'text/plain', filename: uri };
}

/** A reply that no model wrote ends by itself. */
const finishReasonOf = ({ finishReason }: Answer): LanguageModelV4FinishReason => ({
  unified: finishReason ?? 'stop',
  raw: finishReason,
});

function usageOf({ usage: { promptTokens, completionTokens } }: Answer): LanguageModelV4Usage {
  return {
    inputTokens: { total: promptTokens, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: completionTokens, text: completionTokens, reasoning: undefined },
  };
}

const metadataOf = ({ traceId, arm, abstained }: Answer): SharedV4ProviderMetadata => ({
  tandem: { traceId, arm, abstained },
});
