import type { Settings } from '../../core/settings.ts';
import { buildMessages } from '../prompt.ts';
import type { AnswerStep } from '../step.ts';

/** Puts question and passages into the conversation that the model is given. */
export function promptStep({ answer }: Pick<Settings, 'answer'>): AnswerStep {
  return {
    name: 'prompt',
    run({ request, rewrite, retrieved, reply }) {
      if (reply) return {};
      const { arm, question, variant } = request;
      if (arm === 'head') return {};
      return {
        messages: buildMessages({
          arm,
          answer,
          // What "it" is comes in brackets after the question, or is in the rewritten question.
          question: retrieved?.rewritten ?? question,
          ...(retrieved && { passages: retrieved.passages }),
          searchedFor: {
            ...(rewrite?.searchQuery && { searchQuery: rewrite.searchQuery }),
            ...(retrieved?.spelledOut && { spelledOut: retrieved.spelledOut }),
            ...(retrieved?.missing && { missing: retrieved.missing }),
          },
          ...(variant && { variant }),
        }),
      };
    },
  };
}
