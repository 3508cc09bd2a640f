import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Example } from '../core/types/example.ts';
import type { LocalChatTools } from '../models/local-tools.ts';
import type { TokenisedExample } from './trainer.ts';

/**
 * Examples as the model that is served reads them: its own template and tokenizer.
 * @param maxLength tokens; the model's context is a limit too
 * @param file where they were read from, for messages
 * @throws InvalidInputError for an example without a reply, and for one that does not fit: it is never cut.
 */
export function tokenise(
  examples: readonly Example[],
  tools: LocalChatTools,
  maxLength: number,
  file: string,
): TokenisedExample[] {
  const limit = Math.min(maxLength, tools.contextLength);
  return examples.map(({ messages }, index) => {
    const { tokens, spans } = tools.encodeChat(messages);
    // In a conversation of several turns only the last reply is learnt; the others are its context.
    const last = spans.at(-1);
    if (!last || last.end <= last.start) {
      throw new InvalidInputError({
        domain: 'tune',
        where: `${file}:${index + 1}`,
        message: `${file}:${index + 1} has no assistant reply to learn.`,
        hint: 'End its messages with one of the assistant.',
      });
    }
    if (tokens.length > limit) {
      throw new InvalidInputError({
        domain: 'tune',
        where: `${file}:${index + 1}`,
        message: `${file}:${index + 1} has ${tokens.length} tokens, and at most ${limit} fit.`,
        hint: 'Shorten it, or raise tune.maxLength (memory grows with it).',
      });
    }
    return { tokens, labelSpans: [[last.start, last.end]] };
  });
}
