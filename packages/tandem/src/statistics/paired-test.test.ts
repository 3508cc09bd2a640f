import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holmAdjust } from './holm.ts';
import { mcnemarExactTest, pairedSignFlipTest, pairedTest } from './paired-test.ts';
import { createRandom } from './random.ts';

const binaryPairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 1,
  maxLength: 80,
});

describe('pairedSignFlipTest', () => {
  it("is McNemar's exact test when every case is its own group", () => {
    fc.assert(
      fc.property(binaryPairs, (pairs) => {
        const a = pairs.map(([x]) => x);
        const b = pairs.map(([, y]) => y);
        const test = pairedSignFlipTest({ a, b, groups: pairs.map((_, i) => `${i}`) });
        const onlyA = pairs.filter(([x, y]) => x > y).length;
        const onlyB = pairs.filter(([x, y]) => x < y).length;
        expect(test.exact).toBe(true);
        expect(test.differing).toBe(onlyA + onlyB);
        expect(test.p).toBeCloseTo(mcnemarExactTest(onlyA, onlyB), 9);
      }),
    );
  });

  it('gives the same p whichever arm is named first', () => {
    fc.assert(
      fc.property(binaryPairs, (pairs) => {
        const a = pairs.map(([x]) => x);
        const b = pairs.map(([, y]) => y);
        const groups = pairs.map((_, i) => `${i % 7}`);
        expect(pairedSignFlipTest({ a, b, groups }).p).toBeCloseTo(
          pairedSignFlipTest({ a: b, b: a, groups }).p,
          12,
        );
      }),
    );
  });

  it('agrees between its three ways: convolution, enumeration and sampling', () => {
    const random = createRandom(4);
    const whole = Array.from({ length: 15 }, () => random.integer(9) - 3);
    const groups = whole.map((_, i) => `${i}`);
    const zero = whole.map(() => 0);
    const convolved = pairedSignFlipTest({ a: whole, b: zero, groups });
    // Scaling by π leaves the test unchanged but no longer whole: 2^15 signs are enumerated.
    const enumerated = pairedSignFlipTest({ a: whole.map((v) => v * Math.PI), b: zero, groups });
    expect(enumerated.p).toBeCloseTo(convolved.p, 9);

    const many = Array.from({ length: 40 }, () => random.integer(9) - 3);
    const names = many.map((_, i) => `${i}`);
    const exact = pairedSignFlipTest({ a: many, b: many.map(() => 0), groups: names });
    const sampled = pairedSignFlipTest({
      a: many.map((v) => v * Math.PI),
      b: many.map(() => 0),
      groups: names,
    });
    expect(sampled.exact).toBe(false);
    expect(Math.abs(sampled.p - exact.p)).toBeLessThan(0.012);
  });

  it('finds a difference between equal arms no more often than it says', () => {
    const random = createRandom(8);
    let found = 0;
    const runs = 600;
    for (let run = 0; run < runs; run++) {
      const a: number[] = [];
      const b: number[] = [];
      const groups: string[] = [];
      for (let g = 0; g < 14; g++) {
        // Within a group both arms share its difficulty: what makes cases dependent.
        const chance = random.next();
        for (let c = 0; c < 3; c++) {
          a.push(chance * random.next());
          b.push(chance * random.next());
          groups.push(`g${g}`);
        }
      }
      if (pairedSignFlipTest({ a, b, groups }).p <= 0.05) found++;
    }
    expect(found / runs).toBeLessThan(0.075);
    expect(found / runs).toBeGreaterThan(0.02);
  });
});

describe('mcnemarExactTest', () => {
  it('stays a probability for thousands of cases', () => {
    expect(mcnemarExactTest(3000, 3000)).toBe(1);
    expect(mcnemarExactTest(2900, 3100)).toBeCloseTo(0.0102, 3);
  });
});

describe('holmAdjust', () => {
  it('never lowers a p-value, keeps their order and stays below Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (p) => {
        const adjusted = holmAdjust(p);
        p.forEach((value, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(value);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, value * p.length) + 1e-12);
          p.forEach((other, j) => {
            if (value < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
          });
        });
      }),
    );
  });
});

describe('pairedTest', () => {
  const pairs = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
    minLength: 1,
    maxLength: 40,
  });
  const sampleOf = (values: readonly (readonly [number, number])[], groupOf: (at: number) => string) => ({
    a: values.map(([a]) => a),
    b: values.map(([, b]) => b),
    groups: values.map((_, at) => groupOf(at)),
  });

  it("is McNemar's exact test with one case a group, and says the same as the sign-flip test", () => {
    fc.assert(
      fc.property(pairs, (values) => {
        const sample = sampleOf(values, String);
        const { test, ...tested } = pairedTest(sample);
        const bySigns = pairedSignFlipTest(sample);
        expect(test).toBe('McNemar');
        expect(tested.p).toBeCloseTo(bySigns.p, 9);
        expect(tested).toMatchObject({ exact: true, groups: bySigns.groups, differing: bySigns.differing });
      }),
    );
  });

  it('is the sign-flip test by group where a group has two cases, where values are no yes or no, and over strata', () => {
    const wins = Array.from({ length: 8 }, () => [1, 0] as const);
    const inGroups = sampleOf(wins, (at) => String(Math.floor(at / 4)));
    expect(pairedTest(inGroups)).toEqual({ test: 'sign flip', ...pairedSignFlipTest(inGroups) });
    // Eight independent wins would be p = .008; two groups of four cannot be below .5.
    expect(pairedTest(inGroups).p).toBe(0.5);
    expect(pairedTest(sampleOf(wins, String)).p).toBeCloseTo(2 / 2 ** 8, 12);
    expect(pairedTest({ ...sampleOf(wins, String), a: wins.map(() => 0.5) }).test).toBe('sign flip');
    const strata = { of: wins.map((_, at) => at % 2), shares: [0.8, 0.2] };
    expect(pairedTest({ ...sampleOf(wins, String), strata }).test).toBe('sign flip');
  });
});
