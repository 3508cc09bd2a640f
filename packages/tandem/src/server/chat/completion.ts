import type {
  JSONObject,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4Source,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import { z } from 'zod';
import type { ChatAnnotation, ChatFinishReason, ChatLogprobs, ChatUsage } from '../schemas/chat.ts';

/** The text of a reply; undefined where it has none, as one that only calls tools. */
export function textOf(content: readonly LanguageModelV4Content[]): string | undefined {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return texts.length === 0 ? undefined : texts.join('');
}

export function toolCallsOf(content: readonly LanguageModelV4Content[]) {
  return content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            id: part.toolCallId,
            type: 'function' as const,
            function: { name: part.toolName, arguments: part.input },
          },
        ]
      : [],
  );
}

const finishReasons: Partial<Record<LanguageModelV4FinishReason['unified'], ChatFinishReason>> = {
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
};

export const finishReasonOf = ({ unified }: LanguageModelV4FinishReason): ChatFinishReason =>
  finishReasons[unified] ?? 'stop';

/** Of several replies to one prompt: the prompt counts once. */
export function usageOf(usages: readonly LanguageModelV4Usage[]): ChatUsage {
  const [first] = usages;
  const prompt = first?.inputTokens.total ?? 0;
  const completion = usages.reduce((sum, { outputTokens }) => sum + (outputTokens.total ?? 0), 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: first?.inputTokens.cacheRead ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usages.reduce((sum, { outputTokens }) => sum + (outputTokens.reasoning ?? 0), 0),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const scoredToken = z.object({
  text: z.string(),
  logProbability: z.number(),
  bytes: z.array(z.int()).optional(),
});
const scoredTokens = z.array(scoredToken.extend({ top: z.array(scoredToken).default([]) }));

/** What a local model says of its tokens (`providerMetadata.tandem.tokens`), as OpenAI's API says it. */
export function logprobsOf(metadata: SharedV4ProviderMetadata | undefined): ChatLogprobs | null {
  const parsed = scoredTokens.safeParse((metadata?.tandem as JSONObject | undefined)?.tokens);
  if (!parsed.success) return null;
  const shown = ({ text, logProbability, bytes }: z.output<typeof scoredToken>) => ({
    token: text,
    logprob: logProbability,
    bytes: bytes ?? [...Buffer.from(text)],
  });
  return {
    content: parsed.data.map(({ top, ...token }) => ({ ...shown(token), top_logprobs: top.map(shown) })),
    refusal: null,
  };
}

const citation = z.object({
  uri: z.string(),
  quote: z.string(),
  start: z.int(),
  end: z.int(),
  sentence: z.string(),
  verdict: z.string().optional(),
});

/** The sources of a reply as annotations, each at the sentence that cites it; one whose sentence is not in the text stands at its end. */
export function annotationsOf(sources: readonly LanguageModelV4Source[], text: string): ChatAnnotation[] {
  return sources.map((source) => {
    const own = citation.safeParse(source.providerMetadata?.tandem);
    const { uri, quote, start, end, sentence, verdict } = own.success
      ? own.data
      : {
          uri: undefined,
          quote: undefined,
          start: undefined,
          end: undefined,
          sentence: '',
          verdict: undefined,
        };
    const at = sentence === '' ? -1 : text.indexOf(sentence);
    return {
      type: 'url_citation',
      url_citation: {
        start_index: at < 0 ? text.length : at,
        end_index: at < 0 ? text.length : at + sentence.length,
        url: uri ?? (source.sourceType === 'url' ? source.url : (source.filename ?? source.id)),
        title: source.title ?? uri ?? source.id,
        ...(quote !== undefined && { quote, document_start: start, document_end: end }),
        ...(verdict !== undefined && { verdict }),
      },
    };
  });
}
