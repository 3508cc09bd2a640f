import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalOf, intervalOfDifference } from './intervals.ts';
import { createRandom } from './random.ts';

const bounds = [0, 1] as const;
const own = (length: number) => Array.from({ length }, (_, i) => `${i}`);

test('is near to Wilson’s interval where each case is its own group', () => {
  // 12 of 40: Wilson 0.181 to 0.454 (statsmodels 0.14, proportion_confint).
  const values = Array.from({ length: 40 }, (_, i) => Number(i < 12));
  const { value, low, high, method } = intervalOf({ values, groups: own(40) }, { bounds })!;
  expect(method).toBe('share');
  expect(value).toBeCloseTo(0.3, 9);
  expect(low).toBeCloseTo(0.181, 1);
  expect(high).toBeCloseTo(0.454, 1);
});

test('holds a difference of nought in about 95 of 100 tables, also where few cases differ', () => {
  const random = createRandom(3);
  const tables = 1200;
  const held = (cases: number, discordance: number) => {
    let count = 0;
    for (let table = 0; table < tables; table++) {
      const a = Array.from({ length: cases }, () => Number(random.next() < 0.5));
      const b = a.map((value) => (random.next() < discordance ? 1 - value : value));
      const { low, high } = intervalOfDifference({ a, b, groups: own(cases) }, { bounds })!;
      count += Number(low <= 0 && 0 <= high);
    }
    return count / tables;
  };
  for (const [cases, discordance] of [
    [100, 0.1],
    [100, 0.2],
    [300, 0.05],
  ] as const) {
    expect(held(cases, discordance)).toBeGreaterThan(0.935);
    expect(held(cases, discordance)).toBeLessThan(0.985);
  }
});

test('groups of equal cases are worth one case each', () => {
  const values = Array.from({ length: 30 }, (_, i) => Number(i % 3 === 0));
  const alone = intervalOf({ values, groups: own(30) }, { bounds })!;
  const copied = intervalOf(
    {
      values: values.flatMap((value) => [value, value, value, value]),
      groups: own(30).flatMap((g) => [g, g, g, g]),
    },
    { bounds },
  )!;
  expect(copied.value).toBe(alone.value);
  expect(copied.high - copied.low).toBeGreaterThan(0.9 * (alone.high - alone.low));
});

test('stays within the bounds, around the value', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 9 })), { minLength: 2 }),
      (cases) => {
        const { value, low, high } = intervalOf(
          { values: cases.map(([v]) => v), groups: cases.map(([, g]) => `${g}`) },
          { bounds },
        )!;
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(high);
        expect(value).toBeGreaterThanOrEqual(low - 0.5);
      },
    ),
  );
});

test('values that are no yes or no are resampled', () => {
  const values = [0.2, 0.4, 0.9, 1, 0];
  expect(intervalOf({ values, groups: own(5) }, { bounds })!.method).toBe('bca');
  expect(intervalOf({ values: [0, 1, 1], groups: own(3) })!.method).toBe('bca');
});
