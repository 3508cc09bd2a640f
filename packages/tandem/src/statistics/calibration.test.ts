import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibrate,
  calibrationErrorIfTrue,
  expectedCalibrationError,
  fitIsotonic,
  fitPlatt,
  reliabilityBins,
} from './calibration.ts';
import { createRandom } from './random.ts';

const cases = fc
  .array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.boolean()), { minLength: 1, maxLength: 60 })
  .map((rows) => ({ scores: rows.map(([s]) => s / 4), right: rows.map(([, r]) => r) }));

describe('calibration', () => {
  it('always gives probabilities; isotonic ones never fall as the score rises and keep the mean', () => {
    fc.assert(
      fc.property(cases, ({ scores, right }) => {
        const platt = fitPlatt(scores, right);
        const isotonic = fitIsotonic(scores, right);
        for (let score = -12; score <= 12; score += 0.5) {
          const p = calibrate(platt, score);
          expect(p).toBeGreaterThan(-1e-12);
          expect(p).toBeLessThan(1 + 1e-12);
          expect(calibrate(isotonic, score)).toBeLessThanOrEqual(calibrate(isotonic, score + 0.5) + 1e-12);
        }
        const mean = scores.reduce((sum, s) => sum + calibrate(isotonic, s), 0) / scores.length;
        expect(mean).toBeCloseTo(right.filter(Boolean).length / right.length, 9);
      }),
    );
  });

  it('brings overconfident probabilities near what comes true, on cases it was not fitted on', () => {
    const random = createRandom(3);
    const draw = () => {
      const truth = 0.5 + 0.4 * (random.next() - 0.5);
      // Says 0.8 to 1 where one half would be right.
      return { score: 0.8 + (truth - 0.3) / 2, right: random.next() < truth };
    };
    const fitted = Array.from({ length: 500 }, draw);
    const fresh = Array.from({ length: 500 }, draw);
    const right = fresh.map((c) => c.right);
    const before = expectedCalibrationError(
      fresh.map((c) => c.score),
      right,
    );
    for (const fit of [fitPlatt, fitIsotonic]) {
      const model = fit(
        fitted.map((c) => c.score),
        fitted.map((c) => c.right),
      );
      const after = expectedCalibrationError(
        fresh.map((c) => calibrate(model, c.score)),
        right,
      );
      expect(before).toBeGreaterThan(0.25);
      expect(after).toBeLessThan(0.1);
    }
  });

  it('bins hold every case once, the edge 1 too', () => {
    const bins = reliabilityBins([0, 0.05, 0.1, 0.999, 1], [true, false, true, true, false]);
    expect(bins.map((bin) => bin.cases)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(bins[0]).toMatchObject({ said: 0.025, right: 0.5 });
  });

  it('true probabilities show an error, too: less with more cases, and what they show is mostly within what is said', () => {
    const random = createRandom(5);
    const probabilities = (count: number) => Array.from({ length: count }, () => random.next());
    const [few, many] = [30, 3000].map((count) => calibrationErrorIfTrue(probabilities(count)));
    expect(few!.mean).toBeGreaterThan(0.1);
    expect(many!.mean).toBeLessThan(0.03);
    expect(few!.most).toBeGreaterThan(few!.mean);
    const said = probabilities(60);
    const { most } = calibrationErrorIfTrue(said);
    const errors = Array.from({ length: 200 }, () =>
      expectedCalibrationError(
        said,
        said.map((p) => random.next() < p),
      ),
    );
    expect(errors.filter((error) => error <= most).length / 200).toBeGreaterThan(0.88);
    expect(calibrationErrorIfTrue([0, 1, 1], { draws: 20 })).toEqual({ mean: 0, most: 0 });
  });
});
