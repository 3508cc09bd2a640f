import { placedQuotes } from '../placed-quotes.ts';
import { type AnswerStep, refuse } from '../step.ts';

/**
 * `generate` without a language model: the reply is what the best passage says, in its own words. It cannot be wrong about what the source
 * says, only about which source.
 */
export function quoteStep({ notInSources }: { notInSources: string }): AnswerStep {
  return {
    name: 'generate',
    run({ request, retrieved, reply }) {
      if (reply || !retrieved) return { quotes: [] };
      const started = performance.now();
      const quotes = placedQuotes(request.question, retrieved, request.maxWords ?? 50);
      const text = quotes.map(({ quote, marker }) => `${quote.text} [${marker}]`).join(' ') || notInSources;
      const milliseconds = performance.now() - started;
      const { reply: quoted } = refuse(text);
      return { quotes, reply: { ...quoted, ...(quotes.length > 0 && { by: 'extract' }), milliseconds } };
    },
  };
}
