import type { LanguageModelV4 } from '@ai-sdk/provider';
import { generateText, Output } from 'ai';
import type { ChatMessage } from '../core/types/example.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { Judge, JudgementRequest } from './judge.ts';

/**
 * A language model as a judge. Of a local one the probabilities of the choices' tokens are read, as it would draw them under a grammar that allows nothing else: one
 * pass over the prompt, and no text is written. A hosted one is asked to choose, and its choice has all of the probability, since it says no more.
 *
 * @example
 * // takes minutes
 * const judge = languageModelJudge(await tandem.models.chat());
 * const [judged] = await judge.judge([{ question: 'Is this about boats?', text: 'A berth costs 24 euros.', choices: ['yes', 'no'] }]);
 * console.log(judged?.probabilities);
 */
export function languageModelJudge(model: LanguageModelV4): Judge {
  const tools = localToolsOf(model);
  return {
    name: model.modelId,
    async judge(requests, { signal } = {}) {
      const judged = [];
      for (const request of requests) {
        signal?.throwIfAborted();
        judged.push({
          probabilities: tools
            ? await tools.choiceProbabilities({
                messages: messagesOf(request),
                before: '',
                // Ended, so that none is the beginning of another.
                choices: request.choices.map((choice) => `${choice}.`),
                ...(signal && { abortSignal: signal }),
              })
            : await chosen(model, request, signal),
        });
      }
      return judged;
    },
  };
}

async function chosen(
  model: LanguageModelV4,
  request: JudgementRequest,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { output } = await generateText({
    model,
    temperature: 0,
    messages: messagesOf(request),
    output: Output.choice({ options: [...request.choices] }),
    ...(signal && { abortSignal: signal }),
  });
  return request.choices.map((choice) => Number(choice === output));
}

function messagesOf({ question, text, choices }: JudgementRequest): ChatMessage[] {
  return [
    {
      role: 'user',
      content: `${text}\n\n${question} Answer with one of: ${choices.join(', ')}.`,
    },
  ];
}
