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
      return {
        messages: buildMessages({
          arm,
          answer,
          // What "it" is stands in brackets behind the question, or in the question as it was rewritten.
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
