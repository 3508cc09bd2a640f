import { type Converted, type Fields, Unfit } from './format.ts';

/** A message, as OpenAI's form has it. */
export interface Message extends Fields {
  role: string;
  content?: unknown;
}

/**
 * A conversation of one question and one reply as a question with its answer. A system message is left out: each arm has its own.
 * @throws Unfit for one with more than that
 */
export function questionOfConversation(messages: readonly Message[], metadata: Fields = {}): Converted {
  const asked = messages.filter(({ role }) => role === 'user');
  const answered = messages.filter(({ role }) => role === 'assistant');
  if (asked.length !== 1 || answered.length !== 1 || messages.at(-1) !== answered[0])
    throw new Unfit(
      `it has ${asked.length} turns of the user and ${answered.length} of the assistant, and a question has one answer`,
      'Use it as a training example (dataset.train), or ask each of its questions in a line of its own.',
    );
  const others = messages.filter(({ role }) => role !== 'user' && role !== 'assistant');
  const { id, group, kind } = metadata;
  return {
    line: {
      ...(id !== undefined && { id }),
      ...(group !== undefined && { group }),
      ...(kind !== undefined && { kind }),
      question: textOf(asked[0]!.content),
      expected: textOf(answered[0]!.content),
    },
    ...(others.length > 0 && { leftOut: [...new Set(others.map(({ role }) => `the ${role} message`))] }),
  };
}

/** An entry's id, where it has one, as the metadata of what becomes of it. */
export function metadataOf({ id }: Fields): Fields {
  return typeof id === 'string' || typeof id === 'number' ? { id: String(id) } : {};
}

/** A text, or the texts of its parts. @throws Unfit */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw new Unfit('a message has no text');
  return content
    .map((part: Fields) => {
      if (part?.type === 'text' && typeof part.text === 'string') return part.text;
      throw new Unfit(`a message has a part of the type ${String(part?.type)}, which is no text`);
    })
    .join('\n');
}
