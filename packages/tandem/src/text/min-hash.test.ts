import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jaccard, similarPairs } from './min-hash.ts';

test('sets that share four fifths are a pair, whatever is in them', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 10, maxLength: 40 }), (pieces) => {
      const [first, other] = [new Set(pieces), new Set([...pieces.slice(1), 'something else\n'])];
      fc.pre(jaccard(first, other) >= 0.8);
      expect([...similarPairs([first, new Set(['apart\n']), other])]).toEqual([[0, 2]]);
    }),
    { numRuns: 100 },
  );
});

test('an empty set is like none, and equal ones are a pair once', () => {
  expect([...similarPairs([new Set(), new Set(), new Set(['a', 'b']), new Set(['b', 'a'])])]).toEqual([
    [2, 3],
  ]);
  expect(jaccard(new Set(), new Set())).toBe(0);
  expect(jaccard(new Set(['a', 'b']), new Set(['b', 'c']))).toBe(1 / 3);
});
