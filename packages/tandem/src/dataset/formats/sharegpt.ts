import { type Message, metadataOf, questionOfConversation } from './conversation-question.ts';
import { type DatasetFormat, type Fields, textIn, Unfit } from './format.ts';

/** Who speaks, by the names that files of this form use. */
const roles: Readonly<Record<string, string>> = {
  system: 'system',
  human: 'user',
  user: 'user',
  prompter: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  assistant: 'assistant',
  model: 'assistant',
  bot: 'assistant',
};

/**
 * ShareGPT: `{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}`, as FastChat reads it
 * (https://github.com/lm-sys/FastChat/blob/main/docs/training.md); with `system` beside it, and `weight` of a turn, as LLaMA-Factory and Axolotl write them.
 */
export const shareGPT: DatasetFormat = {
  name: 'sharegpt',
  title: 'a ShareGPT conversation',
  recognises: (entry) => Array.isArray(turnsOf(entry)),
  toQuestions: (entry) => [questionOfConversation(messagesOf(entry), metadataOf(entry))],
  toExample(entry) {
    const metadata = metadataOf(entry);
    return {
      line: {
        messages: messagesOf(entry),
        ...(Object.keys(metadata).length > 0 && { metadata }),
      },
    };
  },
};

const turnsOf = ({ conversations, conversation }: Fields) => conversations ?? conversation;

function messagesOf(entry: Fields): Message[] {
  const turns = turnsOf(entry);
  if (!Array.isArray(turns)) throw new Unfit('it has no list `conversations`');
  if (Array.isArray(entry.tools) ? entry.tools.length > 0 : Boolean(entry.tools))
    throw new Unfit('it has `tools`, which are not read from this form');
  const messages = turns.map((turn: Fields, at): Message => {
    const from = String(turn?.from ?? turn?.role ?? '');
    const role = roles[from.toLowerCase()];
    if (role === undefined) throw new Unfit(`\`conversations.${at}.from\` is "${from}", which is no speaker`);
    const content = textIn(turn, turn.value === undefined ? 'content' : 'value');
    const { from: _from, role: _role, value: _value, content: _content, weight, ...others } = turn;
    const [unknown] = Object.entries(others).find(([, value]) => value != null && value !== '') ?? [];
    if (unknown !== undefined)
      throw new Unfit(`\`conversations.${at}.${unknown}\` is no member that is known of this form`);
    return { role, content, ...(weight != null && { weight }) };
  });
  return typeof entry.system === 'string' && entry.system.trim() !== ''
    ? [{ role: 'system', content: entry.system }, ...messages]
    : messages;
}
