import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Example } from '../core/types/example.ts';
import { type Conversation, readConversation } from '../dataset/conversation.ts';
import type { LocalChatTools } from '../models/local-tools.ts';
import type { TokenisedExample } from './trainer.ts';

/** What examples are tokenised with. */
export type Tokeniser = Pick<LocalChatTools, 'encodeChat' | 'contextLength'>;

/**
 * Examples as the model that is served reads them: its own template and tokenizer. Every reply with a weight is learnt; see
 * `encodeReplies` for when one conversation becomes several.
 * @param maxLength tokens; the model's context is a limit too
 * @param places where each example was read from, `FILE:LINE`, for messages
 * @throws InvalidInputError for an example that has what a local model cannot learn, and for one that does not fit: it is never cut.
 */
export function tokenise(
  examples: readonly Example[],
  tools: Tokeniser,
  maxLength: number,
  places: readonly string[],
): TokenisedExample[] {
  const limit = Math.min(maxLength, tools.contextLength);
  return examples.flatMap((example, index) => {
    const where = places[index]!;
    const encoded = encodeReplies(readConversation(example, where), tools, where);
    const longest = Math.max(...encoded.map(({ tokens }) => tokens.length));
    if (longest > limit) {
      throw new InvalidInputError({
        domain: 'tune',
        where,
        message: `${where} has ${longest} tokens, and at most ${limit} fit.`,
        hint: 'Shorten it, or raise tune.maxLength (memory grows with it).',
      });
    }
    return encoded;
  });
}

/**
 * One sequence with all replies marked. Some templates write a reply otherwise once another turn follows (Qwen 3 leaves out its empty block
 * of thoughts): such a reply is learnt from a sequence of its own, which ends with it, because it is asked for so when the model is served.
 */
function encodeReplies(
  { messages, learnt }: Conversation,
  tools: Tokeniser,
  where: string,
): TokenisedExample[] {
  const upTo = (reply: number) => encodeChat(messages.slice(0, reply + 1), tools, where);
  // What stands behind the last reply that is learnt is neither learnt nor read.
  const whole = upTo(learnt.at(-1)!);
  const shared: [number, number][] = [];
  const apart: TokenisedExample[] = [];
  for (const reply of learnt) {
    const alone = reply === learnt.at(-1) ? whole : upTo(reply);
    const { start, end } = alone.spans.at(-1)!;
    if (alone.tokens.every((token, at) => token === whole.tokens[at])) shared.push([start, end]);
    else apart.push({ tokens: alone.tokens, labelSpans: [[start, end]] });
  }
  return [...apart, { tokens: whole.tokens, labelSpans: shared }];
}

function encodeChat(
  messages: Conversation['messages'],
  tools: Tokeniser,
  where: string,
): ReturnType<LocalChatTools['encodeChat']> {
  try {
    return tools.encodeChat(messages);
  } catch (cause) {
    if (!InvalidInputError.isInstance(cause)) throw cause;
    throw new InvalidInputError({
      domain: 'tune',
      where,
      cause,
      message: `${where}: ${cause.message}`,
      ...(cause.hint && { hint: cause.hint }),
    });
  }
}
