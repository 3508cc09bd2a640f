import { type Message, metadataOf, questionOfConversation } from './conversation-question.ts';
import { type DatasetFormat, type Fields, textIn, Unfit } from './format.ts';

/**
 * Alpaca: `{"instruction", "input", "output"}` (https://github.com/tatsu-lab/stanford_alpaca#data-release); with `system` and `history`, pairs of earlier turns, as
 * LLaMA-Factory writes them. The user's turn is the instruction and, below a blank line, the input.
 */
export const alpaca: DatasetFormat = {
  name: 'alpaca',
  title: 'an Alpaca instruction',
  recognises: ({ instruction, output }) => typeof instruction === 'string' && output !== undefined,
  toQuestions: (entry) => [questionOfConversation(messagesOf(entry), metadataOf(entry))],
  toExample(entry) {
    const metadata = metadataOf(entry);
    return {
      line: { messages: messagesOf(entry), ...(Object.keys(metadata).length > 0 && { metadata }) },
    };
  },
};

function messagesOf(entry: Fields): Message[] {
  const { system, history = [], input } = entry;
  if (!Array.isArray(history) || !history.every(isPair))
    throw new Unfit('`history` is not a list of pairs of texts');
  if (input != null && typeof input !== 'string') throw new Unfit('`input` is not a text');
  const asked = textIn(entry, 'instruction');
  return [
    ...(typeof system === 'string' && system.trim() !== '' ? [{ role: 'system', content: system }] : []),
    ...history.flatMap(([question, reply]) => [
      { role: 'user', content: question },
      { role: 'assistant', content: reply },
    ]),
    { role: 'user', content: input?.trim() ? `${asked}\n\n${input}` : asked },
    { role: 'assistant', content: textIn(entry, 'output') },
  ];
}

const isPair = (turn: unknown): turn is [string, string] =>
  Array.isArray(turn) && turn.length === 2 && turn.every((text) => typeof text === 'string');
