import { type Message, textOf } from './conversation-question.ts';
import { type DatasetFormat, Unfit } from './format.ts';

/**
 * Samples of OpenAI's evals: `{"input": …, "ideal": …}`, where input is a text or messages, and ideal one right text or several
 * (https://github.com/openai/evals/blob/main/docs/build-eval.md). A system message is part of the task and stands before the question.
 */
export const openAIEvals: DatasetFormat = {
  name: 'openai-evals',
  title: "a sample of OpenAI's evals",
  recognises: ({ input, ideal }) => input !== undefined && ideal !== undefined,
  toQuestions(entry) {
    const { input, ideal, id } = entry;
    if (ideal === undefined) throw new Unfit('it has no `ideal`');
    if (typeof ideal !== 'string' && !(Array.isArray(ideal) && ideal.every(isText)))
      throw new Unfit('`ideal` is neither a text nor a list of texts');
    return [
      {
        line: {
          ...(id !== undefined && { id: String(id) }),
          question: typeof input === 'string' ? input : taskOf(input),
          expected: ideal,
        },
      },
    ];
  },
};

const isText = (value: unknown) => typeof value === 'string';

function taskOf(input: unknown): string {
  if (!Array.isArray(input)) throw new Unfit('`input` is neither a text nor a list of messages');
  const messages = input as Message[];
  if (messages.some(({ role }) => role === 'assistant') || messages.filter(isAsked).length !== 1)
    throw new Unfit(
      '`input` is a conversation of several turns, and a case asks one question',
      'Keep the last question, with what it needs to be understood.',
    );
  return messages.map(({ content }) => textOf(content)).join('\n\n');
}

const isAsked = ({ role }: Message) => role === 'user';
