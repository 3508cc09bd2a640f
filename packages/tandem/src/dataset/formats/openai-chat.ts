import { type Message, questionOfConversation } from './conversation-question.ts';
import { type DatasetFormat, type Fields, Unfit } from './format.ts';

/**
 * OpenAI's chat fine-tuning form: `{"messages": [{"role", "content", "weight"?}], …}`
 * (https://platform.openai.com/docs/guides/supervised-fine-tuning). It is Tandem's own form of training examples, so its entries are left as they are.
 */
export const openAIChat: DatasetFormat = {
  name: 'openai-chat',
  title: "a conversation in OpenAI's form",
  recognises: ({ messages }) => Array.isArray(messages),
  toQuestions(entry) {
    const { messages, metadata } = entry;
    if (!Array.isArray(messages)) throw new Unfit('it has no list `messages`');
    return [questionOfConversation(messages as Message[], (metadata ?? {}) as Fields)];
  },
  toExample: (entry) => ({ line: entry }),
};
