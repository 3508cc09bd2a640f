import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withAbbreviationsMarked } from './abbreviation-marks.ts';
import { functionWords } from './function-words.ts';
import { textForWords } from './search-words.ts';

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

describe('scripts without spaces', () => {
  const words = (text: string) =>
    textForWords(text)
      .split(/[^\p{L}\p{M}\p{N}]+/u)
      .filter(Boolean);
  test.each([
    ['員工請病假須告知主管。', ['員工', '工請', '請病', '病假', '假須', '須告', '告知', '知主', '主管']],
    ['パスワードはVPNで', ['パス', 'スワ', 'ワー', 'ード', 'ドは', 'VPN', 'で']],
    ['休', ['休']],
    ['GK-19を交換', ['GK', '19', 'を交', '交換']],
    ['ที่นี่', ['ที่นี่']],
    ['한국어 문장', ['한국어', '문장']],
  ])('%s', (text, expected) => expect(words(text)).toEqual(expected));

  test('what is in a sentence is found by its pairs; other text stays as it is', () => {
    const han = fc.string({ unit: fc.constantFrom(...'請病假員工日本語の週'), minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(han, han, han, (before, word, after) => {
        const inSentence = new Set(words(before + word + after));
        for (const pair of words(word)) expect(inSentence).toContain(pair);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(textForWords(text)).toBe(withAbbreviationsMarked(text));
      }),
    );
  });
});
