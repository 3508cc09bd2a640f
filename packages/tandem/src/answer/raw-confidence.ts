import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Settings } from '../core/settings.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { type AdapterReference, localToolsOf } from '../models/local-tools.ts';
import type { Reply } from './generate.ts';
import { choicesOf, fieldProbability, stringFieldSpan } from './structured-output.ts';

/** The value's own tokens tell how sure the model is only where the schema does not list the values. */
export const needsProbabilities = (output: Settings['answer']['output']): boolean =>
  output?.confidence !== undefined && choicesOf(output.schema, output.confidence.of) === undefined;

/**
 * How sure the model is of a field's value. Where the schema lists the values: its choice among these (a model that would rather
 * have written "treatments" is not unsure of "treatment"). Elsewhere the probability of the value's tokens. Undefined for a
 * model that gives no probabilities.
 */
export async function rawConfidence(
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
