import type { Passage } from '../../core/types/document.ts';
import { termsOf } from '../../text/terms.ts';
import { valuesIn, valuesLacking } from '../../text/values.ts';

/** How much of an answer, or of a sentence of one, a passage says. */
export interface Support {
  /** The sentence stands there word for word. */
  isVerbatim: boolean;
  /** Share of the sentence's words that the passage has, each weighted by how few of the answers have it; 0 to 1. */
  words: number;
  /** The passage has every number of the sentence, however it is written. */
  hasNumbers: boolean;
}

/** Measures how far a passage says a sentence. */
export type MeasureSupport = (sentence: string, passage: Pick<Passage, 'text' | 'prefix'>) => Support;

/**
 * Measures support among a team's own answers: what most of them have is their style ("Acme Support: …") and does not tell
 * where they stand, so a word counts the more the fewer answers have it.
 *
 * @param answers those of all training questions
 * @param language ISO 639-1, of the answers and the documents; words are taken for English without it
 *
 * @example
 * const measure = supportAmong(['Acme: Open it with `open()`.', 'Acme: Wait 30 seconds.']);
 * measure('Wait 30 seconds.', { text: 'The time-out is 30 seconds.' }).hasNumbers; // true
 */
export function supportAmong(answers: readonly string[], language?: string): MeasureSupport {
  const counts = new Map<string, number>();
  for (const answer of answers)
    for (const term of new Set(termsOf(answer, language))) counts.set(term, (counts.get(term) ?? 0) + 1);
  const weigh = (terms: readonly string[]) =>
    terms.reduce((sum, term) => sum + Math.log((answers.length + 1) / (counts.get(term) ?? 1)), 0);

  return (sentence, { text, prefix = '' }) => {
    const read = `${prefix}\n${text}`;
    const has = new Set(termsOf(read, language));
    const given = valuesIn(read);
    const terms = [...new Set(termsOf(sentence, language))];
    const total = weigh(terms);
    return {
      isVerbatim: text.includes(sentence),
      words: total > 0 ? weigh(terms.filter((term) => has.has(term))) / total : 0,
      hasNumbers: valuesLacking(valuesIn(sentence), given).length === 0,
    };
  };
}
