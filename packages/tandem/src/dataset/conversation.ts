import { isLearnt, textOfMessage } from '../core/chat-message.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ChatMessage, Example } from '../core/types/example.ts';

/** A conversation that a local model's chat template can write. */
export interface Conversation {
  messages: ChatMessage[];
  /** Places in `messages` of the replies that are learnt, in order. */
  learnt: number[];
}

/**
 * An example as a model on this machine reads it. A developer's message is a system message, as OpenAI's API treats the two.
 * @param where the example stands, for messages
 * @throws InvalidInputError naming what the chat template of a local model has no place for: it would be left out in silence.
 */
export function readConversation(example: Example, where: string): Conversation {
  const foreign = foreignMember(example);
  if (foreign !== undefined) {
    throw new InvalidInputError({
      domain: 'tune',
      where,
      message: `${where} has ${foreign}, which is not learnt on this machine.`,
      hint: 'Take it out, or write what the model is to read into the text; with tune.trainer hosted it is sent as it is.',
    });
  }
  return {
    messages: example.messages.map((message) => ({
      role: roles[message.role as keyof typeof roles],
      content: textOfMessage(message),
    })),
    learnt: example.messages.flatMap((message, at) => (isLearnt(message) ? [at] : [])),
  };
}

/** What a training of these examples says of their replies; see `PreparedTraining`. */
export function learningOf(examples: readonly Example[]): { learns?: 'every reply' } {
  const several = examples.some(({ messages }) => messages.filter(isLearnt).length > 1);
  return several ? { learns: 'every reply' } : {};
}

const roles = { system: 'system', developer: 'system', user: 'user', assistant: 'assistant' } as const;

/** The first thing in an example that is no text of one of the four roles, by its name; lists that are empty say nothing. */
function foreignMember({ messages, metadata: _, ...others }: Example): string | undefined {
  const [ofExample] = Object.entries(others).find(([, value]) => says(value)) ?? [];
  if (ofExample !== undefined) return `\`${ofExample}\``;
  for (const [at, { role, content, weight: _weight, ...rest }] of messages.entries()) {
    if (!(role in roles)) return `the role "${role}" (\`messages.${at}.role\`)`;
    const [member] = Object.entries(rest).find(([, value]) => says(value)) ?? [];
    if (member !== undefined) return `\`messages.${at}.${member}\``;
    const part = Array.isArray(content) ? content.findIndex(({ type }) => type !== 'text') : -1;
    if (part >= 0)
      return `a part of the type ${(content as { type: string }[])[part]!.type} (\`messages.${at}.content.${part}\`)`;
  }
  return undefined;
}

function says(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
