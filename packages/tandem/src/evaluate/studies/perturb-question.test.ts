import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inPlainLetters, withTypos } from './perturb-question.ts';

test('typos hit long words alone, and leave codes, numbers and names in code as they are', () => {
  const question = 'How many minutes of engine warm-up does harbour-crane v4.2.9 allow for loadStart?';
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const typed = withTypos(question, seed)!;
      expect(typed).not.toBe(question);
      for (const kept of ['harbour-crane', 'v4.2.9', 'loadStart?', 'How', 'of'])
        expect(typed).toContain(kept);
      expect(typed.split(' ')).toHaveLength(question.split(' ').length);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('the same seed mistypes alike, and each word by one letter at most', () => {
  const question = 'Welche Kündigungsfrist gilt während der Probezeit?';
  expect(withTypos(question, 3)).toBe(withTypos(question, 3));
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const words = withTypos(question, seed)!.split(' ');
      question.split(' ').forEach((word, at) => {
        expect(Math.abs(words[at]!.length - word.length)).toBeLessThanOrEqual(1);
        expect(words[at]![0]).toBe(word[0]);
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});

test('what has no long words, or is written without spaces, has no typos', () => {
  expect(withTypos('Is it on?', 1)).toBeUndefined();
  expect(withTypos('请病假需要什么材料？', 1)).toBeUndefined();
});

test('plain letters are those that a search field is given', () => {
  expect(inPlainLetters('Does Larkfield ship to Norway?')).toBe('does larkfield ship to norway');
  expect(inPlainLetters('does larkfield ship to norway')).toBeUndefined();
});
