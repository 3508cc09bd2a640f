import { placedQuotes } from '../placed-quotes.ts';
import type { AnswerStep } from '../step.ts';

/**
 * `generate` without a language model: the reply is what the best passage says, in its own words. It cannot be wrong about what the source
 * says, only about which source.
 */
export function quoteStep({ notInSources }: { notInSources: string }): AnswerStep {
  return {
    name: 'generate',
    run({ request, retrieved, reply }, { emit }) {
      if (reply || !retrieved) return { quotes: [] };
      const started = performance.now();
      const quotes = placedQuotes(request.question, retrieved, request.maxWords ?? 50);
      const text = quotes.map(({ quote, marker }) => `${quote.text} [${marker}]`).join(' ') || notInSources;
      emit({ type: 'text', text });
      return {
        quotes,
        reply: {
          by: quotes.length > 0 ? 'extract' : 'refusal',
          text,
          prompt: '',
          promptTokens: 0,
          completionTokens: 0,
          milliseconds: performance.now() - started,
          firstToken: undefined,
          tokens: [],
        },
      };
    },
  };
}
