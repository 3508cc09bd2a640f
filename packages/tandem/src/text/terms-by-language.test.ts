import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endingTerm } from './compounds.ts';
import { functionWordsByLanguage } from './function-words-by-language.ts';
import { documentTermsOf, queryTermsOf, termsOf } from './terms.ts';

const languages = [
  undefined,
  'en',
  'zh',
  'ja',
  'th',
  'ko',
  'uk',
  'vi',
  ...Object.keys(functionWordsByLanguage),
];

/** Each pair is one word in two forms. */
test.each([
  ['de', 'Häuser', 'Haus'],
  ['de', 'MÜNCHEN', 'München'],
  ['de', 'Straße', 'Strasse'],
  ['fr', 'continuellement', 'continuelle'],
  ['fr', "l'hôpital", 'hôpital'],
  ['es', 'canciones', 'canción'],
  ['it', "dell'acqua", 'acqua'],
  ['pt', 'bicicletas', 'bicicleta'],
  ['nl', 'verzekeringen', 'verzekering'],
  ['sv', 'problemet', 'problem'],
  ['da', 'cyklerne', 'cyklen'],
  ['no', 'syklene', 'sykler'],
  ['fi', 'polkupyörän', 'polkupyörä'],
  ['ro', 'informații', 'informație'],
  ['pl', 'rowery', 'rower'],
  ['ru', 'велосипеды', 'велосипедов'],
  ['ru', 'ёлка', 'елка'],
  ['tr', 'bisikletler', 'bisiklet'],
  ['tr', 'Ankara’dan', 'Ankara'],
  ['tr', 'IŞIK', 'ışık'],
  ['tr', 'İSTANBUL', 'istanbul'],
  ['ar', 'الكتاب', 'كتاب'],
  ['ar', 'كِتَاب', 'كتاب'],
  ['hi', 'लड़कियों', 'लडकियां'],
  ['hi', 'चाँद', 'चांद'],
  ['el', 'ποδήλατα', 'ποδήλατο'],
  ['ru', 'servers', 'server'],
  ['zh', 'servers', 'server'],
])('%s: %s is found by %s', (language, form, other) => {
  expect(termsOf(form, language)).toEqual(termsOf(other, language));
  expect(termsOf(form, language)).toHaveLength(1);
});

test('function words are left out by language, but words that people ask for are not', () => {
  expect(termsOf('Wo ist der Bahnhof und wann fährt er?', 'de')).toEqual(termsOf('Bahnhof fährt', 'de'));
  expect(termsOf('der Weg am MIT', 'de')).toHaveLength(2);
  expect(termsOf('été', 'fr')).toEqual(['ete']);
  expect(termsOf('Estados', 'es')).toEqual(['estad']);
  expect(termsOf('que cual', 'es')).toEqual([]);
  expect(termsOf('die', 'en')).toEqual(['die']);
});

test('Thai is found by pairs and by words, Hindi words are not cut at their viramas', () => {
  expect(termsOf('จักรยาน', 'th')).toContain('จักรยาน');
  expect(termsOf('เช่าจักรยานต้องนำ', 'th')).toEqual(expect.arrayContaining(termsOf('จักรยาน', 'th')));
  expect(termsOf('गुर्दा', 'hi')).toHaveLength(1);
});

describe('compounds', () => {
  const [insurance] = termsOf('Versicherung', 'de');
  test('have their endings among a document’s terms, marked, and a query has those of its own as words', () => {
    const document = documentTermsOf('Die Krankenversicherung zahlt.', 'de');
    expect(document).toContain(endingTerm(insurance!));
    expect(document).not.toContain(insurance);
    expect(queryTermsOf('Krankenversicherung', ['de'])).toContain(insurance);
    expect(documentTermsOf('Die Kranken-Versicherung zahlt.', 'de')).toContain(insurance);
  });

  test('are not looked for in other languages, in short words and in what has digits', () => {
    for (const language of [undefined, 'en', 'es', 'ru'])
      expect(documentTermsOf('responsabilidad administrativa', language)).toEqual(
        termsOf('responsabilidad administrativa', language),
      );
    expect(documentTermsOf('Haus Fahrrad x1234567890abc', 'de')).toEqual(
      termsOf('Haus Fahrrad x1234567890abc', 'de'),
    );
    expect(endingTerm('haus')).toBeUndefined();
  });
});

describe('the terms of a query for an index in several languages', () => {
  test('are those of each language', () => {
    const terms = queryTermsOf('running bicicletas', ['en', 'es']);
    for (const language of ['en', 'es'])
      expect(terms).toEqual(expect.arrayContaining(termsOf('running bicicletas', language)));
    expect(new Set(terms).size).toBe(terms.length);
  });

  test('of one language they are its own, as often as they are said', () => {
    expect(queryTermsOf('gene mutation, inherited genes', ['en']).sort()).toEqual(
      termsOf('gene mutation, inherited genes').sort(),
    );
    expect(queryTermsOf('a gene of genes', [undefined, 'en'])).toEqual(['gene', 'gene']);
  });

  test('have no function word of the language that is asked in', () => {
    expect(queryTermsOf('Wo wird die Miete gezahlt?', ['de', 'en'])).not.toContain('die');
    expect(queryTermsOf('Why do plants die?', ['de', 'en'])).toContain('die');
    expect(queryTermsOf('Was sagt das MIT?', ['de', 'en'])).toContain('mit');
  });

  test('none where the index is empty', () => expect(queryTermsOf('What is it?', [])).toEqual([]));
});

/** Letters of all scripts that have an analysis of their own. */
const letters = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...' .,’-IİıiSsßäöüéèñçåøæőșțşğЁёйабвгدالكتابةأإىচকिािर्क़ँंกขครีไทย学生アかな한국αβς12',
      '\u0301',
      '\u200d',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});

test('terms are letters, digits and marks, shorter than 64 bytes, the same for the same text however accents are written', () => {
  fc.assert(
    fc.property(letters, fc.constantFrom(...languages), (text, language) => {
      const terms = documentTermsOf(text, language);
      for (const term of terms) {
        expect(term).toMatch(/^[\p{Alphabetic}\p{M}\p{N}]+$/u);
        expect(Buffer.byteLength(term)).toBeLessThan(64);
      }
      expect(documentTermsOf(text, language)).toEqual(terms);
      expect(documentTermsOf(text.normalize('NFD'), language)).toEqual(terms);
      for (const term of queryTermsOf(text, [language])) expect(Buffer.byteLength(term)).toBeLessThan(64);
    }),
    { numRuns: 2000 },
  );
});

test('a query that is a sentence of a document has no word that the document lacks', () => {
  fc.assert(
    fc.property(letters, letters, letters, fc.constantFrom(...languages), (before, said, after, language) => {
      // Capitals mean an abbreviation only among words that are not in capitals: what stands beside a sentence decides.
      const sentence = said.toLowerCase();
      const document = new Set(documentTermsOf(`${before}. ${sentence}. ${after}`, language));
      for (const term of termsOf(sentence, language)) expect(document).toContain(term);
    }),
    { numRuns: 1000 },
  );
});
