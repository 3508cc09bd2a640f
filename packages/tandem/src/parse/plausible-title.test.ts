import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocument } from './parse-document.ts';
import { isAlone, plausibleTitle } from './plausible-title.ts';

test.each([
  'Microsoft Word - harbour manual final',
  'Microsoft PowerPoint - talk',
  'untitled document',
  'Ohne Titel 1',
  'harbour manual v2.indd',
  'C:\\Users\\ann\\my manual',
  'Document1',
  'Layout 1 of 2',
])('%s is no title', (stated) => {
  expect(plausibleTitle(stated)).toBeUndefined();
});

test.each(['Harbour manual', 'Documents of the works council', '入浴の規則'])('%s is one', (stated) => {
  expect(plausibleTitle(stated)).toBe(stated);
});

describe('the first of several headings', () => {
  test('is no title where the others are like it', () => {
    expect(isAlone('1. Mooring in wind', ['2. Tariffs', '3. Records'])).toBe(false);
    expect(isAlone('Mooring in wind', ['Tariffs', 'Records'])).toBe(false);
    expect(isAlone('Chapter 1: Mooring', ['Chapter 2: Tariffs'])).toBe(false);
  });

  test('is one where it is alone, or where only the others are numbered', () => {
    expect(isAlone('Mooring manual', [])).toBe(true);
    expect(isAlone('Mooring manual', ['1. Wind', '2. Tariffs'])).toBe(true);
    expect(isAlone('Mooring manual', ['Chapter 1: Wind', 'Chapter 2: Tariffs'])).toBe(true);
    expect(isAlone('A manual of mooring', ['I. Wind', 'II. Tariffs'])).toBe(true);
  });

  test('a mooring manual is called what stands at the top of its pages', async () => {
    const bytes = new Uint8Array(readFileSync(new URL('./fixtures/strangers/mooring.pdf', import.meta.url)));
    const { title, text } = await parseDocument({ uri: 'docs/mooring.pdf', bytes });
    expect(title).toBe('Harbour Authority - Mooring Manual, edition 4');
    expect(text).toContain(
      'When the wind at the pier head exceeds 28 knots, the harbour master closes berth seven and moves all vessels',
    );
  });
});
