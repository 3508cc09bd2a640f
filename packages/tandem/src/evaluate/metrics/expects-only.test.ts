import { expect, test } from 'vitest';
import { expectsOnly } from './expects-only.ts';

const expecting = (expected: string | Record<string, unknown>) => ({ id: 'a', question: 'b?', expected });

test.each([
  [{ intent: 'x' }, true],
  [{ intent: 'x', order: { state: 'open' } }, true],
  [{ intent: 'x', order: { state: 'open', number: 3 } }, false],
  [{ intent: 'x', response: 'Yes.' }, false],
  [{ intent: 'x', tags: [] }, false],
  ['Yes.', false],
])('%j', (expected, only) => {
  expect(expectsOnly(expecting(expected), ['intent', 'order.state'])).toBe(only);
});

test('further accepted texts are texts', () => {
  expect(expectsOnly({ ...expecting({ intent: 'x' }), accepted: ['Yes.'] }, ['intent'])).toBe(false);
});
