import fc from 'fast-check';
import { expect, test } from 'vitest';
import { englishStem } from './english-stemmer.ts';
import { termsOf } from './terms.ts';

// From the algorithm's own page; a servers' test holds all words of the example documents to PostgreSQL's.
test.each([
  ['consign consigned consigning consignment', 'consign'],
  ['consist consisted consistency consistent consistently consisting consists', 'consist'],
  ['knack knackeries knacks', 'knack knackeri knack'],
  ['knightly knitting knobs knots', 'knight knit knob knot'],
  ['generous generously communism arsenal', 'generous generous communism arsenal'],
  ['hoping hopping hopped fizzed failing filing', 'hope hop hop fizz fail file'],
  ['skies dying news early only', 'sky die news earli onli'],
  ['relational conditional rational organization operator', 'relat condit ration organ oper'],
  ['cities ties gas gaps kiwis this', 'citi tie gas gap kiwi this'],
  ['happy say by cry', 'happi say by cri'],
])('%s', (words, stems) => {
  const expected = stems.split(' ');
  for (const [i, word] of words.split(' ').entries())
    expect(englishStem(word), word).toBe(expected[i] ?? expected.at(-1));
});

test('the terms of a text are not longer than it, and case and accents make no difference', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      for (const term of termsOf(text)) expect(term).toMatch(/^[\p{Alphabetic}\p{M}\p{N}]+$/u);
      expect(termsOf(text.toLowerCase().normalize('NFD'))).toEqual(termsOf(text.toLowerCase()));
    }),
  );
});
