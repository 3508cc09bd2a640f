import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSpeller, editDistance, soundOf } from './spelling.ts';

const words = [
  'nephrotic',
  'diabetes',
  'asthma',
  'psoriasis',
  'schizophrenia',
  'leukemia',
  'gout',
  'rhabdomyolysis',
  'crohn',
  'alzheimer',
];
const speller = createSpeller(words);

describe('a misspelt word', () => {
  test.each([
    ['nefrotic', 'nephrotic'],
    ['diebetes', 'diabetes'],
    ['asmta', 'asthma'],
    ['soriasis', 'psoriasis'],
    ['skizofrenia', 'schizophrenia'],
    ['lukemia', 'leukemia'],
    ['rabdomiolisis', 'rhabdomyolysis'],
    ['crone', 'crohn'],
    ['alzimer', 'alzheimer'],
  ])('%s is near %s', (word, right) => expect(speller.near(word)[0]?.word).toBe(right));

  test('a word is itself; another word is nothing; a short one is not guessed', () => {
    expect(speller.near('gout')).toEqual([{ word: 'gout', similarity: 1 }]);
    expect(speller.near('kitchen')).toEqual([]);
    expect(speller.near('gut')).toEqual([]);
  });
});

test('spellings of one sound', () => {
  expect(soundOf('phytate')).toBe(soundOf('fitate'));
  expect(soundOf('anaemia')).toBe(soundOf('anemia'));
  expect(soundOf('gout')).not.toBe(soundOf('goat'));
});

test('edit distance: symmetric, 0 only for equals, 1 for a swap, at most the longer length', () => {
  expect(editDistance('abcd', 'abdc')).toBe(1);
  expect(editDistance('', 'abc')).toBe(3);
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(editDistance(b, a)).toBe(distance);
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});

test('words of one root, and not words that only begin alike', () => {
  const names = createSpeller(['traumatic', 'diabetes', 'neuropathy', 'hypothermia', 'osteopetrosis']);
  expect(names.derived('trauma')).toEqual(['traumatic']);
  expect(names.derived('diabetic')).toEqual(['diabetes']);
  expect(names.derived('hypothyroidism')).toEqual([]);
  expect(names.derived('osteoporosis')).toEqual([]);
  expect(names.derived('dia')).toEqual([]);
});
