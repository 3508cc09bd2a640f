import type { LanguageModelV4 } from '@ai-sdk/provider';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Settings } from '../../core/settings.ts';
import type { AdapterReference } from '../../models/local-tools.ts';
import { generate } from '../generate.ts';
import { buildRewriteMessages } from '../prompt.ts';
import type { AnswerRequest, AnswerStep } from '../step.ts';

/**
 * Checks the question; for the arm `hybrid` the tuned model also turns it into a search query.
 * @throws InvalidInputError for an empty question, and for a conversation where the arm does not search.
 */
export function readStep(parts: {
  chat: LanguageModelV4;
  answer: Settings['answer'];
  adapter?: AdapterReference | undefined;
}): AnswerStep {
  return {
    name: 'read',
    async run({ request: given }, { signal }) {
      const request = checkRequest(given);
      if (request.arm !== 'hybrid') return { request };
      const { question } = request;
      const reply = await generate(parts.chat, buildRewriteMessages(question, parts.answer), {
        maxTokens: 48,
        temperature: 0,
        adapter: parts.adapter,
        signal,
      });
      // An empty query is ignored.
      const searchQuery = reply.text.split('\n')[0]!.trim();
      return { request, rewrite: { reply, ...(searchQuery && { searchQuery }) } };
    },
  };
}

/** The same for an extract, which asks no model. */
export function readQuestionStep(): AnswerStep {
  return { name: 'read', run: ({ request }) => ({ request: checkRequest(request) }) };
}

function checkRequest(request: AnswerRequest): AnswerRequest {
  const { arm, turns = [] } = request;
  const question = typeof request.question === 'string' ? request.question.trim() : '';
  if (!question)
    throw new InvalidInputError({
      domain: 'answer',
      where: 'question',
      message: 'The question is empty.',
      hint: 'Write what you want to know.',
    });
  if (request.k !== undefined && !(Number.isInteger(request.k) && request.k >= 1))
    throw new InvalidInputError({
      domain: 'answer',
      where: 'k',
      message: `${request.k} is no number of passages.`,
      hint: 'Give a whole number from 1 on.',
    });
  if (arm !== 'rag' && arm !== 'hybrid' && turns.length > 0)
    throw new InvalidInputError({
      domain: 'answer',
      where: 'turns',
      message: `The ${arm} arm answers each question by itself: a conversation tells retrieval what "it" is.`,
      hint: 'Use the arm rag or hybrid, or ask with the name in the question.',
    });
  return { ...request, question };
}
