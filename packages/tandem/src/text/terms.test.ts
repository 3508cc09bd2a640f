import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { functionWords } from './function-words.ts';
import { countTerms, termsOf } from './terms.ts';

describe('the terms of a text', () => {
  // As LanceDB's own analysis made them while it was given the text; but for Greek capitals, and the nukta, at which it cut.
  test.each([
    ['What are the symptoms of Crohn’s disease?', 'symptom crohn diseas'],
    ['MENIERE', 'menier'],
    ['Ménière disease', 'menier diseas'],
    ['SJÖGREN and Sjögren', 'sjogren sjogren'],
    ['ŁÓDŹ, Straße, Œuvre, ﬁne', 'lodz strasse oeuvr fine'],
    // Endings are cut before accents are folded, and í is no vowel to the rules of English.
    ['días dias él', 'dias dia el'],
    // Numbers and codes have forms of their own, see `numbersIn`.
    ['GK-19, v2.1 and B12', 'gk19 gk 2D1 2D1F b12'],
    ['x² ½ １２ ⅳ', 'x2 ½ 12 ⅳ'],
    ['ΝΕΦΡΟΣ νεφρός', 'νεφρος νεφρός'],
    ['Ёлка и йод', 'ёлка и йод'],
    ['İstanbul’da ılık', 'i̇stanbul da ilik'],
    ['請病假 and 콩팥', '請病 病假 콩팥'],
    ['गुर्दा बड़ी', 'गुर दा बड़ी'],
    ['نيرة', 'نيرة'],
    [`${'a'.repeat(63)} ${'a'.repeat(64)} ${'я'.repeat(32)}`, 'a'.repeat(63)],
  ])('%s', (text, terms) => expect(termsOf(text).join(' ')).toBe(terms.normalize('NFC')));

  test('function words do not count, but abbreviations spelt like them do', () => {
    expect(termsOf('what is it as')).toEqual([]);
    expect(termsOf(functionWords.join(' '))).toEqual([]);
    expect(termsOf('What is AS?')).toEqual(termsOf('AS'));
    expect(termsOf('AS')).toHaveLength(1);
    expect(termsOf('WHO is it? As it is.')).toHaveLength(1);
    expect(termsOf('How is ALL treated by all of us?')).toEqual([...termsOf('ALL is'), 'treat']);
  });

  test('they are words whatever the text is, and case and the way accents are written make no difference', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        for (const term of termsOf(text)) expect(term).toMatch(/^[\p{Alphabetic}\p{M}\p{N}]+$/u);
        expect(termsOf(text.toLowerCase().normalize('NFD'))).toEqual(termsOf(text.toLowerCase()));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const term of termsOf(text)) expect(term).toMatch(/^[\p{Alphabetic}\p{M}\p{N}]+$/u);
      }),
    );
  });

  test('nothing in a text is an operator, and marks alone are no terms', () => {
    for (const text of ['', ' ', '???', '"', '*', '()', "'", '\u0000', '--', '\ud800'])
      expect(termsOf(text), JSON.stringify(text)).toEqual([]);
    for (const text of ['"alpha', 'alpha" OR (', '+alpha -alpha', 'text:alpha^2~', '\\alpha\\'])
      expect(termsOf(text), text).toContain('alpha');
  });

  test('remembering words changes nothing, also when there are more than are remembered', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => `w${i.toString(36)}ings`).join(' ');
    const first = termsOf(many);
    expect(termsOf(many)).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(45_000);
  });
});

test('how often each term occurs', () => {
  expect([...countTerms(termsOf('gene mutation, inherited genes'))]).toEqual([
    ['gene', 2],
    ['mutat', 1],
    ['inherit', 1],
  ]);
});
