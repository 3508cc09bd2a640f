import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { asTitle, frontMatter } from './front-matter.ts';

test('whatever is in the fields, YAML reads them back', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((each) => each !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme' })), (fields) => {
      const text = frontMatter(Object.entries(fields));
      expect(text.startsWith('---\n') && text.endsWith('---\n')).toBe(true);
      expect(parse(text.slice(4, -4), { mapAsMap: true }) ?? new Map()).toEqual(
        new Map(Object.entries(fields)),
      );
    }),
  );
  expect(frontMatter([])).toBe('---\n---\n');
});

test('a title is one line', () => {
  expect(asTitle(' a\n b\t\tc\r\n')).toBe('a b c');
});
