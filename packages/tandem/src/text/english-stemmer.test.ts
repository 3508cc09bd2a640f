import { expect, test } from 'vitest';
import { englishStem, withoutEnglishEnding } from './english-stemmer.ts';

// From the algorithm's own page; a servers' test holds all words of the example documents to Snowball's own implementation.
test.each([
  ['consign consigned consigning consignment', 'consign'],
  ['consist consisted consistency consistent consistently consisting consists', 'consist'],
  ['knack knackeries knacks', 'knack knackeri knack'],
  ['knightly knitting knobs knots', 'knight knit knob knot'],
  ['generous generously communism arsenal', 'generous generous communism arsenal'],
  ['hoping hopping hopped fizzed failing filing', 'hope hop hop fizz fail file'],
  ['skies dying news early only evening', 'sky die news earli onli evening'],
  ['relational conditional rational organization operator', 'relat condit ration organiz oper'],
  ['cities ties gas gaps kiwis this', 'citi tie gas gap kiwi this'],
  ['happy say by cry', 'happi say by cri'],
])('%s', (words, stems) => {
  const expected = stems.split(' ');
  for (const [i, word] of words.split(' ').entries())
    expect(englishStem(word), word).toBe(expected[i] ?? expected.at(-1));
});

// What Snowball 3 does otherwise than Snowball 2.
test.each([
  ['university universal universe', 'universiti universal univers'],
  ['internal interval international', 'internal interval internat'],
  ['organ organic organize', 'organ organic organiz'],
  ['paste pasted past pasta', 'paste paste past pasta'],
  ['biologist biologists biology', 'biolog biolog biolog'],
  ['exceed proceedly vying', 'exceed proceed vie'],
])('%s since Snowball 3', (words, stems) => {
  expect(words.split(' ').map(englishStem).join(' ')).toBe(stems);
});

test('a word with other letters is stemmed where that is asked for', () => {
  expect(englishStem('ménière')).toBe('ménière');
  expect(withoutEnglishEnding('ménière')).toBe('ménièr');
});
