import { describe, expect, test } from 'vitest';
import { createRandom } from '../statistics/random.ts';
import { fitConfidence, parseCalibration } from './confidence.ts';

describe('fitConfidence', () => {
  test('brings an over-confident model down to how often it is right', () => {
    const random = createRandom(3);
    const stated: number[] = [];
    const right: boolean[] = [];
    for (let i = 0; i < 400; i++) {
      const truth = 0.3 + 0.6 * random.next();
      // Over-confident: odds cubed.
      const odds = (truth / (1 - truth)) ** 3;
      stated.push(odds / (1 + odds));
      right.push(random.next() < truth);
    }
    const fitted = fitConfidence(stated, right);
    expect(fitted.brierAfter).toBeLessThan(fitted.brierBefore);
    expect(fitted.eceAfter).toBeLessThan(fitted.eceBefore / 2);
    const calibrate = parseCalibration(JSON.parse(JSON.stringify(fitted)))!;
    expect(calibrate(0.99)).toBeLessThan(0.95);
    expect(calibrate(0.99)).toBeGreaterThan(calibrate(0.5));
  });
  test('certainty stays finite', () => {
    const calibrate = parseCalibration(fitConfidence([1, 1, 1, 0], [true, true, false, false]))!;
    expect(calibrate(1)).toBeGreaterThan(0);
    expect(calibrate(1)).toBeLessThan(1);
  });
  test('what is no calibration is none', () => {
    expect(parseCalibration(undefined)).toBeUndefined();
    expect(parseCalibration({ kind: 'platt' })).toBeUndefined();
  });
});
