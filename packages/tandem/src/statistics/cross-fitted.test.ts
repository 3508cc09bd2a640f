import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crossFitted } from './cross-fitted.ts';

test('nothing is predicted by what was fitted on its group, and the order of items stays', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ group: fc.string({ maxLength: 2 }), id: fc.nat() })), (items) => {
      const predicted = crossFitted(items, (others) => (item) => {
        expect(others.some(({ group }) => group === item.group)).toBe(false);
        return item.id;
      });
      expect(predicted).toEqual(items.map(({ id }) => id));
    }),
    { seed: 1 },
  );
});

test('with many groups each fit leaves about a fifth out', () => {
  const items = Array.from({ length: 500 }, (_, at) => ({ group: String(at) }));
  const sizes = new Set(crossFitted(items, (others) => () => others.length));
  expect(sizes.size).toBeGreaterThan(1);
  for (const size of sizes) expect(Math.abs(size - 400)).toBeLessThan(40);
});
