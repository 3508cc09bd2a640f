import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reusableTokens } from './reusable-tokens.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('what is reused of a cache', () => {
  test('is all of the same prompt, and what was written after it', () => {
    expect(reusableTokens({ tokens: upTo(13), batched: 10 }, upTo(10))).toBe(10);
    expect(reusableTokens({ tokens: upTo(13), batched: 10 }, upTo(10), [10, 11, 99])).toBe(12);
  });

  test('is whole blocks of another prompt', () => {
    expect(reusableTokens({ tokens: upTo(13), batched: 13 }, [...upTo(11), 99, 98, 97, 96])).toBe(8);
  });

  test('leaves at least a block to evaluate', () => {
    expect(reusableTokens({ tokens: upTo(40), batched: 40 }, upTo(17))).toBe(12);
    expect(reusableTokens({ tokens: upTo(40), batched: 40 }, upTo(16))).toBe(12);
  });

  test('is nothing that was written, where a prompt now says it', () => {
    expect(reusableTokens({ tokens: upTo(30), batched: 10 }, upTo(30))).toBe(8);
  });

  test('is nothing without a common beginning', () => {
    expect(reusableTokens({ tokens: [], batched: 0 }, upTo(9))).toBe(0);
    expect(reusableTokens({ tokens: [7, 8], batched: 2 }, upTo(9))).toBe(0);
    expect(reusableTokens({ tokens: upTo(9), batched: 9 }, [0])).toBe(0);
  });

  const tokens = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 24 });
  test('is always a common beginning that was evaluated in the same way', () => {
    fc.assert(
      fc.property(tokens, fc.nat(24), tokens, tokens, (held, cut, prompt, singles) => {
        const batched = Math.min(cut, held.length);
        const kept = reusableTokens({ tokens: held, batched }, prompt, singles);
        expect(held.slice(0, kept)).toEqual([...prompt, ...singles].slice(0, kept));
        if (batched === prompt.length && kept >= batched) return;
        expect(kept % 4).toBe(0);
        expect(kept).toBeLessThanOrEqual(batched);
        if (kept > 0) expect(prompt.length - kept).toBeGreaterThanOrEqual(4);
      }),
    );
  });
});
