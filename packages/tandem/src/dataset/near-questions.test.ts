import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trigramsOf } from '../text/trigrams.ts';
import { nearQuestions } from './near-questions.ts';

/** What is found by comparing each with each. */
function byBruteForce(questions: readonly { terms: string[] }[]): string[] {
  const runs = questions.map(({ terms }) => trigramsOf(terms));
  return runs.flatMap((own, at) =>
    runs.slice(0, at).flatMap((other, before) => {
      const common = [...own].filter((run) => other.has(run)).length;
      return common >= 0.8 * (own.size + other.size - common) ? [`${before} ${at}`] : [];
    }),
  );
}

test('every pair that is alike is found, and no other', () => {
  const word = fc.stringMatching(/^[ab]{1,5}$/);
  const question = fc
    .array(word, { minLength: 1, maxLength: 6 })
    .map((terms) => ({ question: terms.join(' '), terms }));
  fc.assert(
    fc.property(fc.array(question, { maxLength: 25 }), (questions) => {
      const found = [...nearQuestions(questions)].map(([a, b]) => `${a} ${b}`);
      expect(found.toSorted()).toEqual(byBruteForce(questions).toSorted());
    }),
    { numRuns: 300 },
  );
});
