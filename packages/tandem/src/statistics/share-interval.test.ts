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

test('strata: the joined mean of answerable and other cases is held, and what agrees in each is from how many agree', () => {
  const random = createRandom(5);
  const of = Array.from({ length: 90 }, (_, i) => Number(i % 5 === 0));
  const strata = { of, shares: [0.8, 0.2] };
  const tables = 800;
  let held = 0;
  for (let table = 0; table < tables; table++) {
    const values = of.map((stratum) => Number(random.next() < (stratum === 1 ? 0.3 : 0.6)));
    const { low, high, method } = intervalOf({ values, groups: own(90), strata }, { bounds })!;
    expect(method).toBe('share');
    const truth = 0.8 * 0.6 + 0.2 * 0.3;
    held += Number(low <= truth && truth <= high);
  }
  expect(held / tables).toBeGreaterThan(0.925);
  expect(held / tables).toBeLessThan(0.975);
  // Declines everything: right in one stratum, wrong in the other, and no spread in either.
  const declining = intervalOf({ values: of, groups: own(90), strata }, { bounds })!;
  expect(declining.value).toBeCloseTo(0.2);
  expect(declining.method).toBe('agreement');
});

test('strata whose cases share groups are not taken for independent', () => {
  const of = Array.from({ length: 60 }, (_, i) => i % 2);
  const strata = { of, shares: [0.5, 0.5] };
  const values = of.map((_, i) => Number(Math.floor(i / 2) % 3 === 0));
  const width = (groups: string[]) => {
    const { low, high } = intervalOf({ values, groups, strata }, { bounds })!;
    return high - low;
  };
  // Two equal cases, one of each stratum, are worth one case and not two.
  expect(width(of.map((_, i) => `${Math.floor(i / 2)}`))).toBeGreaterThan(1.3 * width(own(60)));
});
