import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapDifference, bootstrapInterval, bootstrapOfSums, summarise } from './bootstrap.ts';
import { minimalDetectableDifference } from './power.ts';
import { createRandom } from './random.ts';

const sample = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 8 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((rows) => ({ values: rows.map(([v]) => v), groups: rows.map(([, g]) => `g${g}`) }));
const quick = { resamples: 300, bounds: [0, 1] as const };

describe('bootstrapInterval', () => {
  it('holds the estimate, stays inside the bounds, and is the same for the same seed', () => {
    fc.assert(
      fc.property(sample, (data) => {
        const interval = bootstrapInterval(data, quick)!;
        expect(interval.value).toBeCloseTo(summarise(data.values, 'mean'), 12);
        expect(interval.low).toBeLessThanOrEqual(interval.value + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(interval.value - 1e-12);
        expect(interval.low).toBeGreaterThanOrEqual(-1e-12);
        expect(interval.high).toBeLessThanOrEqual(1 + 1e-12);
        expect(interval.cases).toBe(data.values.length);
        expect(interval.groups).toBe(new Set(data.groups).size);
        expect(bootstrapInterval(data, quick)).toEqual(interval);
      }),
      { numRuns: 150 },
    );
  });

  it('moves with the values: shifted and scaled data give a shifted and scaled interval', () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 0.5, max: 20, noNaN: true }), (data, scale) => {
        const plain = bootstrapInterval(data, { resamples: 300 })!;
        const moved = bootstrapInterval(
          { values: data.values.map((v) => v * scale + 3), groups: data.groups },
          { resamples: 300 },
        )!;
        expect(moved.low).toBeCloseTo(plain.low * scale + 3, 8);
        expect(moved.high).toBeCloseTo(plain.high * scale + 3, 8);
      }),
      { numRuns: 60 },
    );
  });

  it('says nothing of no cases, and nothing of the spread of one group without bounds', () => {
    expect(bootstrapInterval({ values: [], groups: [] })).toBeUndefined();
    expect(bootstrapInterval({ values: [1, 0], groups: ['a', 'a'] })).toMatchObject({
      low: 0.5,
      high: 0.5,
      method: 'none',
    });
  });

  it('does not claim certainty where all groups agree', () => {
    const all = { values: Array(20).fill(1), groups: Array.from({ length: 20 }, (_, i) => `${i}`) };
    const interval = bootstrapInterval(all, { bounds: [0, 1] })!;
    expect(interval.high).toBe(1);
    // Clopper–Pearson for 20 of 20.
    expect(interval.low).toBeCloseTo(0.025 ** (1 / 20), 10);
    expect(interval.method).toBe('agreement');
    const never = bootstrapDifference({ a: all.values, b: all.values, groups: all.groups }, quick)!;
    expect(never.low).toBeCloseTo(-never.high, 12);
    expect(never.high).toBeGreaterThan(0.1);
  });

  it('is wider when cases cluster than when each stands alone', () => {
    const values = Array.from({ length: 60 }, (_, i) => (Math.floor(i / 6) % 2 === 0 ? 1 : 0));
    const clustered = bootstrapInterval({ values, groups: values.map((_, i) => `${Math.floor(i / 6)}`) })!;
    const alone = bootstrapInterval({ values, groups: values.map((_, i) => `${i}`) })!;
    expect(clustered.high - clustered.low).toBeGreaterThan(1.8 * (alone.high - alone.low));
  });

  it('covers the true mean about 95 times in 100, with as few as 12 groups', () => {
    const random = createRandom(5);
    const truth = 0.4;
    let covered = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const values: number[] = [];
      const groups: string[] = [];
      for (let g = 0; g < 12; g++) {
        // A group is easy or hard, with the mean kept at 0.4.
        const chance = random.next() < 0.5 ? 0.15 : 0.65;
        for (let c = 0; c < 3; c++) {
          values.push(Number(random.next() < chance));
          groups.push(`g${g}`);
        }
      }
      const interval = bootstrapInterval({ values, groups }, { resamples: 600, seed: run })!;
      if (interval.low <= truth && truth <= interval.high) covered++;
    }
    expect(covered / runs).toBeGreaterThan(0.92);
    expect(covered / runs).toBeLessThan(0.99);
  });
});

describe('bootstrapDifference', () => {
  it('is the mean of the differences, and turns its sign with its arguments', () => {
    fc.assert(
      fc.property(sample, fc.infiniteStream(fc.integer({ min: 0, max: 1 })), ({ values, groups }, other) => {
        const b = values.map(() => other.next().value as number);
        const forward = bootstrapDifference({ a: values, b, groups }, quick)!;
        const back = bootstrapDifference({ a: b, b: values, groups }, quick)!;
        expect(forward.value).toBeCloseTo(summarise(values, 'mean') - summarise(b, 'mean'), 12);
        expect(forward.value).toBeCloseTo(-back.value, 12);
        expect(forward.low).toBeCloseTo(-back.high, 2);
      }),
      { numRuns: 80 },
    );
  });

  it('takes the difference of medians and of 95th percentiles on the same resamples', () => {
    const random = createRandom(2);
    const b = Array.from({ length: 50 }, () => 1000 + 400 * random.next());
    const a = b.map((v) => v + 250);
    const groups = b.map((_, i) => `${i % 25}`);
    for (const statistic of ['median', 'p95'] as const) {
      const interval = bootstrapDifference({ a, b, groups }, { statistic })!;
      expect(interval.value).toBeCloseTo(250, 8);
      expect(interval.low).toBeCloseTo(250, 8);
      expect(interval.high).toBeCloseTo(250, 8);
    }
  });
});

describe('minimalDetectableDifference', () => {
  it('is 2.8 standard errors at 80 % power and 5 %', () => {
    expect(minimalDetectableDifference(1)).toBeCloseTo(2.8016, 3);
  });

  it('is found in about 80 of 100 repetitions', () => {
    const random = createRandom(9);
    const groups = Array.from({ length: 60 }, (_, i) => `${i}`);
    const noise = () => random.next() + random.next() + random.next() - 1.5;
    const difference = minimalDetectableDifference(0.5 / Math.sqrt(60));
    let found = 0;
    for (let run = 0; run < 400; run++) {
      const a = groups.map(() => difference + noise());
      const interval = bootstrapDifference(
        { a, b: groups.map(() => 0), groups },
        { resamples: 400, seed: run },
      )!;
      if (interval.low > 0) found++;
    }
    expect(found / 400).toBeGreaterThan(0.72);
    expect(found / 400).toBeLessThan(0.88);
  });
});

describe('strata', () => {
  const strata = (of: number[], share: number) => ({ of, shares: [1 - share, share] });

  it('join the means of kinds of cases by their shares, however many there are of each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })), {
          minLength: 2,
          maxLength: 40,
        }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (rows, share) => {
          const of = rows.map(([, stratum]) => stratum);
          fc.pre(of.includes(0) && of.includes(1));
          const values = rows.map(([value]) => value);
          const groups = rows.map((_, at) => `${at}`);
          const mean = (stratum: number) =>
            summarise(
              values.filter((_, at) => of[at] === stratum),
              'mean',
            );
          const interval = bootstrapInterval({ values, groups, strata: strata(of, share) }, quick)!;
          expect(interval.value).toBeCloseTo((1 - share) * mean(0) + share * mean(1), 12);
          expect(interval.low).toBeGreaterThanOrEqual(-1e-12);
          expect(interval.high).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('hold the true joined mean in about 95 of 100 intervals', () => {
    const random = createRandom(3);
    const of = Array.from({ length: 60 }, (_, at) => Number(at % 6 === 0));
    const groups = of.map((_, at) => `${at}`);
    const [answered, declined, share] = [0.55, 0.3, 0.2];
    const runs = 500;
    let held = 0;
    for (let run = 0; run < runs; run++) {
      const values = of.map((stratum) => Number(random.next() < (stratum === 1 ? declined : answered)));
      const { low, high } = bootstrapInterval(
        { values, groups, strata: strata(of, share) },
        { bounds: [0, 1], resamples: 600, seed: run },
      )!;
      if (
        low <= (1 - share) * answered + share * declined &&
        (1 - share) * answered + share * declined <= high
      )
        held++;
    }
    expect(held / runs).toBeGreaterThan(0.92);
    expect(held / runs).toBeLessThan(0.98);
  });
});

describe('bootstrapOfSums', () => {
  const meanOf = (data: { values: number[]; groups: string[] }) => ({
    addends: data.values.map((by) => [
      { to: 0, by },
      { to: 1, by: 1 },
    ]),
    groups: data.groups,
    sums: 2,
    statistic: (sums: Float64Array) => sums[0]! / sums[1]!,
  });

  it('is the interval of the mean where the statistic is a mean', () => {
    fc.assert(
      fc.property(sample, (data) => {
        const [own, other] = [bootstrapOfSums(meanOf(data), quick)!, bootstrapInterval(data, quick)!];
        expect(own).toMatchObject({ cases: other.cases, groups: other.groups, method: other.method });
        for (const end of ['value', 'low', 'high', 'standardError'] as const)
          expect(own[end]).toBeCloseTo(other[end], 12);
      }),
      { numRuns: 100 },
    );
  });

  it('holds what was measured, and says nothing of no cases', () => {
    // The distance of a mean from one half: every resample of these lies above what they give.
    const values = Array.from({ length: 40 }, (_, at) => at % 2);
    const distance = {
      ...meanOf({ values, groups: values.map((_, at) => `${at}`) }),
      statistic: (sums: Float64Array) => Math.abs(sums[0]! / sums[1]! - 0.5),
    };
    expect(bootstrapOfSums(distance, quick)).toMatchObject({ value: 0, low: 0 });
    expect(bootstrapOfSums(meanOf({ values: [], groups: [] }), quick)).toBeUndefined();
  });
});
