import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkedName } from '../names.ts';
import { codesIn } from './codes.ts';
import { nameStrength } from './names.ts';
import { phrasesOf } from './phrases.ts';

describe('phrases', () => {
  test('neighbouring words of the question, side by side and in order', () => {
    const phrases = phrasesOf(['net', 'interest', 'expense'])!;
    expect(phrases([['net', 'interest', 'expense']])).toBe(1);
    expect(phrases([['the', 'interest', 'expense', 'net']])).toBe(0.5);
    expect(phrases([['expense', 'interest', 'net']])).toBe(0);
    // The end of one field and the beginning of another are not side by side.
    expect(phrases([['net'], ['interest', 'expense']])).toBe(0.5);
  });

  test('none in a question of one word, however often it has it', () => {
    expect(phrasesOf(['gout'])).toBeUndefined();
    expect(phrasesOf(['gout', 'gout'])).toBeUndefined();
    expect(phrasesOf([])).toBeUndefined();
  });

  test('a passage that has the question whole has all of them', () => {
    const terms = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(terms, terms, (question, rest) => {
        const phrases = phrasesOf(question);
        fc.pre(phrases !== undefined);
        expect(phrases!([[...rest, ...question, ...rest]])).toBe(1);
        const share = phrases!([rest]);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test('a name counts by how few documents have it', () => {
  const link = (cover: number, weight: number) => ({ cover, weight }) as LinkedName;
  const rare = Math.log(1 + 100);
  const everywhere = Math.log(1 + 1);
  expect(nameStrength(link(1, rare), 100)).toBe(1);
  expect(nameStrength(link(0.5, rare), 100)).toBe(0.5);
  expect(nameStrength(link(1, everywhere), 100)).toBeLessThan(0.16);
});

test('a code counts less the more passages have it', () => {
  const passages = new Map(
    Array.from({ length: 12 }, (_, at) => [at, new Set(at === 0 ? ['gk19', 'gk7'] : ['gk7', 'gk190'])]),
  );
  const shares = codesIn(['gk19', 'gk7'], passages);
  expect(shares.get(0)).toBeCloseTo(0.5 + (0.5 * 5) / 12);
  expect(shares.get(1)).toBeCloseTo((0.5 * 5) / 12);
  expect(codesIn([], passages).size).toBe(0);
});
