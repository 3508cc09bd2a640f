import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asciiTerm } from './ascii-term.ts';

test('a term in ASCII: nearly all English ones are as they were', () => {
  expect(asciiTerm('gout')).toBe('gout');
  expect(asciiTerm('quinin')).toBe('q71quinin');
  expect(asciiTerm('病假')).toBe('q75c5qq5047q');
});

test('different terms stay different', () => {
  const term = fc.string({ unit: fc.constantFrom('q', 'Q', 'a', '7', '1', 'é', 'e', '\u0301', '𐐷') });
  fc.assert(
    fc.property(term, term, (a, b) => {
      expect(asciiTerm(a)).toMatch(/^[a-z0-9]*$/);
      expect(asciiTerm(a) === asciiTerm(b)).toBe(a === b);
    }),
  );
});
