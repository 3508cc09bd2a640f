import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  bootstrapInterval,
  brierScore,
  calibrate,
  expectedCalibrationError,
  fitIsotonic,
  fitPlatt,
  holmAdjust,
  mcnemarExactTest,
  normalCdf,
  normalQuantile,
  pairedSignFlipTest,
  studentQuantile,
} from './index.ts';

/** Written by references/make_references.py with scipy, statsmodels and scikit-learn. */
const reference: {
  bootstrap: { groups: string[]; values: number[]; bca: number[]; percentile: number[] }[];
  signFlip: { a: number[]; b: number[]; groups: string[]; p: number }[];
  mcnemar: { b: number; c: number; p: number }[];
  holm: { p: number[]; adjusted: number[] }[];
  calibration: {
    scores: number[];
    right: number[];
    points: number[];
    platt: number[];
    isotonic: number[];
    said: number[];
    brier: number;
    ece: number;
  }[];
  distributions: {
    normalQuantile: [number, number][];
    normalCdf: [number, number][];
    studentQuantile: [number, number, number][];
  };
} = JSON.parse(readFileSync(new URL('references/statistics.json', import.meta.url), 'utf8'));

describe('agrees with scipy', () => {
  it.each(reference.bootstrap)('on intervals by group ($values.length cases)', (row) => {
    for (const method of ['bca', 'percentile'] as const) {
      const ours = bootstrapInterval(row, { method, resamples: 40_000, smallSample: false })!;
      const [low, high, standardError] = row[method] as [number, number, number];
      // Both are random: a fortieth of the width is about three standard errors of a 40,000-draw quantile, and with
      // groups of one the draws stand on a grid of 1/n, where an end may fall on the neighbouring point.
      const slack = Math.max((high - low) / 40, 1.001 / row.values.length);
      expect(Math.abs(ours.low - low)).toBeLessThan(slack);
      expect(Math.abs(ours.high - high)).toBeLessThan(slack);
      expect(ours.standardError / standardError).toBeCloseTo(1, 1.5);
    }
  });

  it.each(reference.signFlip)('on the exact sign-flip test ($a.length cases)', (row) => {
    const ours = pairedSignFlipTest(row);
    expect(ours.exact).toBe(true);
    expect(ours.p).toBeCloseTo(row.p, 10);
  });

  it('on the normal and Student distributions', () => {
    for (const [p, x] of reference.distributions.normalQuantile) expect(normalQuantile(p)).toBeCloseTo(x, 9);
    for (const [x, p] of reference.distributions.normalCdf) expect(normalCdf(x) / p).toBeCloseTo(1, 7);
    for (const [p, degrees, t] of reference.distributions.studentQuantile)
      expect(studentQuantile(p, degrees) / t).toBeCloseTo(1, 7);
  });
});

describe('agrees with statsmodels', () => {
  it.each(reference.mcnemar)('on McNemar, $b against $c', ({ b, c, p }) => {
    expect(mcnemarExactTest(b, c)).toBeCloseTo(p, 10);
  });

  it.each(reference.holm)('on Holm over $p.length', ({ p, adjusted }) => {
    holmAdjust(p).forEach((value, i) => {
      expect(value).toBeCloseTo(adjusted[i]!, 12);
    });
  });
});

describe.each(reference.calibration)('agrees with scikit-learn on $scores.length cases', (row) => {
  const right = row.right.map(Boolean);

  it('Platt scaling', () => {
    const model = fitPlatt(row.scores, right);
    row.points.forEach((score, i) => {
      expect(calibrate(model, score)).toBeCloseTo(row.platt[i]!, 4);
    });
  });

  it('isotonic regression', () => {
    const model = fitIsotonic(row.scores, right);
    row.points.forEach((score, i) => {
      expect(calibrate(model, score)).toBeCloseTo(row.isotonic[i]!, 9);
    });
  });

  it('Brier score and expected calibration error', () => {
    expect(brierScore(row.said, right)).toBeCloseTo(row.brier, 12);
    expect(expectedCalibrationError(row.said, right)).toBeCloseTo(row.ece, 12);
  });
});
