import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { abbreviationsOf } from './spell-out.ts';

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
const meanings = (query: string, filter = {}) => abbreviations.meanings(query, filter);

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
    expect(abbreviationsOf(documents).meanings('what is abl', {})).toEqual([]);
    expect(abbreviationsOf(documents).meanings('what is ABL', {})).toEqual(['Abetalipoproteinemia']);
  });

  test('any text gives titles of documents, each once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (query) => {
        const found = meanings(`${query} ABL ${query}`);
        expect(new Set(found).size).toBe(found.length);
        for (const title of found) expect(documents.some((each) => each.title === title)).toBe(true);
      }),
    );
  });
});
