import { expect, test } from 'vitest';
import { prefixWithin } from './prefix.ts';
import { tokenMeter } from './token-meter.ts';

const meter = await tokenMeter((text) => text.split(/\s+/).filter(Boolean).length);
const prefix = (title: string, aliases: string[], headings: string[], maxTokens: number) =>
  prefixWithin({ title, aliases, headings }, maxTokens, meter);

test('title, names and headings in one line', async () => {
  expect(await prefix('Gout', ['GA', 'Podagra'], ['Care', 'At home'], 20)).toBe(
    'Gout (GA; Podagra): Care › At home',
  );
  expect(await prefix('Gout', [], [], 20)).toBe('Gout');
});

test('abbreviations come first and are kept when longer names no longer fit', async () => {
  const names = ['a rather long other name of it', 'another such name of some length', 'MSUD'];
  expect(await prefix('Maple syrup', names, [], 4)).toBe('Maple syrup (MSUD)');
  expect(await prefix('Maple syrup', names, [], 12)).toBe(
    'Maple syrup (MSUD; a rather long other name of it)',
  );
});

test('the title is cut at a word, the innermost heading outlives the outer ones', async () => {
  expect(await prefix('one two three four five six', [], [], 6)).toBe('one two three');
  expect(await prefix('Gout', [], ['outer and long heading', 'inner'], 3)).toBe('Gout: inner');
});

test('nothing, where not even a word of the title fits', async () => {
  expect(await prefix('Gout', ['GA'], ['Care'], 1)).toBe('');
});
