import { describe, expect, test } from 'vitest';
import { createSpeller } from './spelling.ts';

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

test('words of one root, and not words that only begin alike', () => {
  const names = createSpeller(['traumatic', 'diabetes', 'neuropathy', 'hypothermia', 'osteopetrosis']);
  expect(names.derived('trauma')).toEqual(['traumatic']);
  expect(names.derived('diabetic')).toEqual(['diabetes']);
  expect(names.derived('hypothyroidism')).toEqual([]);
  expect(names.derived('osteoporosis')).toEqual([]);
  expect(names.derived('dia')).toEqual([]);
});
