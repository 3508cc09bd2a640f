import type { LanguageModelV4 } from '@ai-sdk/provider';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Settings } from '../../core/settings.ts';
import type { AdapterReference } from '../../models/local-tools.ts';
import type { AnswerRequest, AnswerStep } from '../step.ts';
import { writeSearchQuery } from '../write-search-query.ts';

/**
 * Checks the question; for the arm `hybrid` the tuned model also turns it into a search query, where it learnt to and it helps.
 * @throws InvalidInputError for an empty question, and for a conversation where the arm does not search.
 */
export function readStep(parts: {
  chat: LanguageModelV4;
  answer: Settings['answer'];
  adapter?: AdapterReference | undefined;
  /** Whether the tuned model writes the search query. */
  rewrites: boolean;
}): AnswerStep {
  return {
    name: 'read',
    async run({ request: given }, { signal }) {
      const request = checkRequest(given);
      if (request.arm !== 'hybrid' || !parts.rewrites) return { request };
      return { request, rewrite: await writeSearchQuery(request.question, { ...parts, signal }) };
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
