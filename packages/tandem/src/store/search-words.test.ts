import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { functionWords, withAbbreviationsMarked } from './search-words.ts';

describe('abbreviations spelt like function words', () => {
  test.each([
    ['What is AS?', 'What is qqasqq?'],
    [
      'AS means Angelman syndrome (IS in some books)',
      'qqasqq means Angelman syndrome (qqisqq in some books)',
    ],
    ['WHO', 'qqwhoqq'],
    ['treatment of ALL', 'treatment of qqallqq'],
    ['the ALL-AS trial', 'the qqallqq-qqasqq trial'],
  ])('%s', (text, marked) => expect(withAbbreviationsMarked(text)).toBe(marked));

  test.each([
    ['WHAT IS IT AND WHO IS AT RISK'],
    ['What is it?'],
    ['I have a headache'],
    ['BASIS, SAS2, HAS3'],
    ['HEADING IS ALL CAPITALS\nand then text'],
  ])('not in: %s', (text) => expect(withAbbreviationsMarked(text)).toBe(text));

  test('text without capital words is as it was; marking twice is marking once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(withAbbreviationsMarked(text.toLowerCase())).toBe(text.toLowerCase());
        const once = withAbbreviationsMarked(text);
        expect(withAbbreviationsMarked(once)).toBe(once);
      }),
    );
    const words = fc.array(fc.constantFrom(...functionWords, 'AS', 'IS', 'Angelman', 'ABL', '\n', '(', ')'));
    fc.assert(
      fc.property(words, (list) => {
        const once = withAbbreviationsMarked(list.join(' '));
        expect(once.split(' ')).toHaveLength(list.join(' ').split(' ').length);
      }),
    );
  });
});
