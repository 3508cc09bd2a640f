import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { type Abbreviations, abbreviationsOf } from './spell-out.ts';

const document = (id: string, title: string, aliases: string[], access = 'public') =>
  ({ id, title, aliases, access }) as DocumentSummary;
const documents = [
  document('abl', 'Abetalipoproteinemia', ['ABL', 'Bassen-Kornzweig syndrome']),
  document('charge', 'CHARGE syndrome', ['CHARGE']),
  document('all-1', 'Childhood leukemia', ['ALL']),
  document('all-2', 'Adult leukemia', ['ALL', 'T-ALL'], 'staff'),
  ...Array.from({ length: 6 }, (_, i) => document(`x${i}`, `Disease ${i}`, ['XX'])),
];
const words = new Set(
  'what is the charge for all of this and abl'.split(' ').filter((word) => word !== 'abl'),
);
const abbreviations = abbreviationsOf(documents, (word) => words.has(word));
const longForms = (of: Abbreviations, query: string, filter = {}) =>
  of.meanings(query, filter).map(({ longForm }) => longForm);
const meanings = (query: string, filter = {}) => longForms(abbreviations, query, filter);

describe('abbreviations that documents list', () => {
  test.each([
    ['What is ABL?', ['Abetalipoproteinemia']],
    ['what is abl?', ['Abetalipoproteinemia']],
    ['WHAT IS ABL', ['Abetalipoproteinemia']],
    ['ABL (or abl) and ABL', ['Abetalipoproteinemia']],
    ['What is CHARGE?', ['CHARGE syndrome']],
    ['the charge for all of this', []],
    ['WHAT IS THE CHARGE', []],
    ['Is T-ALL hereditary?', ['Adult leukemia']],
    ['Tell me about ALL', ['Childhood leukemia', 'Adult leukemia']],
    ['Who has XX?', []],
    ['Bassen-Kornzweig syndrome', []],
    ['', []],
  ])('%s', (query, expected) => expect(meanings(query)).toEqual(expected));

  test('of documents that the filter keeps out, nothing is told', () => {
    expect(meanings('ALL', { access: ['public'] })).toEqual(['Childhood leukemia']);
    expect(meanings('ABL and CHARGE', { excludeDocumentIds: ['abl'] })).toEqual(['CHARGE syndrome']);
    expect(meanings('ABL and CHARGE', { documentIds: ['abl'] })).toEqual(['Abetalipoproteinemia']);
    expect(meanings('ABL', { documentIds: [] })).toEqual([]);
  });

  test('without a dictionary only the exact spelling counts', () => {
    expect(longForms(abbreviationsOf(documents), 'what is abl')).toEqual([]);
    expect(longForms(abbreviationsOf(documents), 'what is ABL')).toEqual(['Abetalipoproteinemia']);
  });

  test('any text gives titles of documents, each once, and where they are asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (query) => {
        for (const { start, end } of abbreviations.meanings(`${query} ABL`, {}))
          expect(`${query} ABL`.slice(start, end)).toMatch(/^\S+$/);
        const found = meanings(`${query} ABL ${query}`);
        expect(new Set(found).size).toBe(found.length);
        for (const title of found) expect(documents.some((each) => each.title === title)).toBe(true);
      }),
    );
  });
});

describe('abbreviations that texts define', () => {
  const texts = [
    ['BCP', 'Business Continuity Plan', 2],
    ['BCP', 'business continuity plans', 2],
    ['BCP', 'Battle Creek Police', 3],
    ['PRF', 'purchase request form', 1],
    ['PRF', 'prolactin-releasing factor', 1],
    ['QQ', 'one', 1],
    ['QQ', 'two', 1],
    ['QQ', 'three', 1],
    ['QQ', 'four', 1],
    ['QQ', 'five', 1],
    ['ABL', 'American basketball league', 9],
    ['IT', 'information technology', 9],
    ['WHAT', 'a word like any other', 9],
    ['HbS', 'sickle haemoglobin', 1],
  ] as const;
  const asked: string[] = [];
  const inTexts = abbreviationsOf(
    documents,
    (word) => words.has(word) || word === 'it',
    [{ abbreviation: 'HbS', longForm: 'haemoglobin S' }],
    (form) => {
      asked.push(form);
      return texts
        .filter(([abbreviation]) => abbreviation.toLowerCase() === form.toLowerCase())
        .map(([abbreviation, longForm, count]) => ({ abbreviation, longForm, documents: count }));
    },
  );
  const told = (query: string, filter = {}) => longForms(inTexts, query, filter);

  test.each([
    // Two spellings of one long form together outnumber the other long form.
    ['Who owns the BCP?', ['Business Continuity Plan']],
    ['who owns the bcp?', ['Business Continuity Plan']],
    ['WHO OWNS THE BCP', ['Business Continuity Plan']],
    ['Who owns the Bcp?', []],
    ['who signs a PRF', ['purchase request form', 'prolactin-releasing factor']],
    ['What is a QQ?', []],
    // Names of documents and the user's glossary come first.
    ['What is ABL?', ['Abetalipoproteinemia']],
    ['What is HbS?', ['haemoglobin S']],
    ['Who has XX?', []],
    // Words of the language are only meant in capitals, and not where all is in capitals.
    ['what is it', []],
    ['WHAT IS IT FOR', []],
    ['Who runs IT?', ['information technology']],
  ])('%s', (query, expected) => expect(told(query)).toEqual(expected));

  test('where the filter keeps out the document that is called so, the texts that it admits tell', () => {
    expect(told('ABL', { excludeDocumentIds: ['abl'] })).toEqual(['American basketball league']);
  });

  test('words of the language are not even looked up', () => {
    asked.length = 0;
    told('what is the charge for all of this and it');
    expect(asked).toEqual([]);
  });
});
