import { TandemError } from '../../core/errors/tandem-error.ts';
import type { ChatMessage } from '../../core/types/example.ts';
import type { LocalChatTools } from '../../models/local-tools.ts';
import type { Check, Found } from './check.ts';
import { type LintItem, learntReplies } from './items.ts';

export const tooLong: Check = {
  name: 'too-long',
  severity: 'error',
  finds:
    "examples with more of the model's tokens than are trained at once, and answers longer than a reply may be",
  async find({ items }, { settings, chatTools }) {
    const { tune, answer } = settings;
    // A token is a byte or more, so that most files need no model to be read.
    const doubtful = items.filter(
      (item) =>
        bytesOf(item) > tune.maxLength ||
        learntReplies(item).some((text) => byteLength(text) > answer.maxTokens),
    );
    if (doubtful.length === 0) return [];
    let tools: LocalChatTools | undefined;
    try {
      tools = await chatTools?.();
    } catch (error) {
      if (!TandemError.isInstance(error)) throw error;
      return { notMade: error.message };
    }
    if (!tools) return { notMade: 'only a model on this machine says how many tokens a text has' };
    const most = Math.min(tune.maxLength, tools.contextLength);
    return doubtful.flatMap((item) => found(item, tools, { most, mostOfReply: answer.maxTokens }));
  },
};

/** What a template adds to each turn, in bytes, at most. */
const ofTemplate = 64;
const byteLength = (text: string) => Buffer.byteLength(text);
const bytesOf = ({ messages }: LintItem) =>
  messages.reduce((sum, { text }) => sum + byteLength(text) + ofTemplate, ofTemplate);

function found(
  item: LintItem,
  tools: LocalChatTools,
  { most, mostOfReply }: { most: number; mostOfReply: number },
): Found[] {
  const { where, form, split } = item;
  if (form === 'example') {
    const tokens = countTokens(item, tools);
    return tokens > most
      ? [{ where, message: `has ${tokens} tokens, and at most ${most} fit (tune.maxLength)` }]
      : [];
  }
  const tokens = Math.max(0, ...learntReplies(item).map((text) => tools.countTokens(text)));
  if (tokens <= mostOfReply) return [];
  return [
    {
      where,
      severity: 'warning',
      message: `its answer has ${tokens} tokens, and a reply ends at ${mostOfReply} (answer.maxTokens)${split === 'cases' ? ', so that no arm can give it' : ''}`,
    },
  ];
}

/** As it is trained on; of a conversation that no template takes, the tokens of its texts. */
function countTokens({ messages }: LintItem, tools: LocalChatTools): number {
  const turns = messages.map(({ role, text }) => ({
    role: (role === 'developer' ? 'system' : role) as ChatMessage['role'],
    content: text,
  }));
  try {
    return tools.encodeChat(turns).tokens.length;
  } catch {
    return turns.reduce((sum, { content }) => sum + tools.countTokens(content), 0);
  }
}
