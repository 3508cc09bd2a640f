import { expect, test } from 'vitest';
import { retryAfterMilliseconds } from './retry-after.ts';

test('seconds, fractions of them, and dates; what is neither says nothing', () => {
  expect(retryAfterMilliseconds('120')).toBe(120_000);
  expect(retryAfterMilliseconds(' 0 ')).toBe(0);
  expect(retryAfterMilliseconds('1.5')).toBe(1500);
  const inAMinute = retryAfterMilliseconds(new Date(Date.now() + 60_000).toUTCString())!;
  expect(inAMinute).toBeGreaterThan(58_000);
  expect(inAMinute).toBeLessThanOrEqual(60_000);
  expect(retryAfterMilliseconds('Fri, 31 Dec 1999 23:59:59 GMT')).toBe(0);
  for (const nothing of [undefined, null, '', '-5', 'soon', '1e3', 'Infinity'])
    expect(retryAfterMilliseconds(nothing)).toBeUndefined();
});
