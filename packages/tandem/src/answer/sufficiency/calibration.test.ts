import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calibrate } from '../../statistics/calibration.ts';
import { fitSufficiency, parseSufficiency, type SufficiencyExample } from './calibration.ts';

const examples = fc
  .array(fc.record({ logit: fc.double({ min: -6, max: 6, noNaN: true }), isAnswerable: fc.boolean() }), {
    minLength: 12,
    maxLength: 80,
  })
  .map((list) => list.map((each, at): SufficiencyExample => ({ ...each, group: String(at) })));

test('of the questions without an answer no more are answered than was asked for', () => {
  fc.assert(
    fc.property(examples, fc.double({ min: 0.02, max: 0.6, noNaN: true }), (list, rate) => {
      const fitted = fitSufficiency(list, rate);
      fc.pre(fitted.a < 0);
      const without = list.filter(({ isAnswerable }) => !isAnswerable);
      const answered = without.filter(({ logit }) => calibrate(fitted, logit) >= fitted.threshold).length;
      expect(answered).toBeLessThanOrEqual(rate * (without.length + 1));
    }),
    { seed: 1 },
  );
});

test('with fewer than a rate needs, nothing is answered', () => {
  const few = Array.from({ length: 5 }, (_, at) => ({
    logit: at,
    isAnswerable: at > 2,
    group: String(at),
  }));
  expect(fitSufficiency(few, 0.1).threshold).toBe(1);
});

test('probabilities are brought to scale, and a smaller rate asks for more', () => {
  // Overconfident: a logit of 4 is right three times in four.
  const list = Array.from({ length: 200 }, (_, at) => ({
    logit: at % 2 === 0 ? 4 : -4,
    isAnswerable: at % 2 === 0 ? at % 8 !== 0 : at % 8 === 1,
    group: String(at),
  }));
  const loose = fitSufficiency(list, 0.4);
  expect(calibrate(loose, 4)).toBeCloseTo(0.75, 1);
  expect(loose.eceAfter).toBeLessThan(loose.eceBefore);
  expect(fitSufficiency(list, 0.05).threshold).toBeGreaterThan(loose.threshold);
});

test('a calibration of another index, or of another version, is none', () => {
  const interval = { value: 0.9, low: 0.8, high: 1, n: 40 };
  const kept = {
    kind: 'platt',
    a: -1,
    b: 0,
    threshold: 0.4,
    falseAnswers: 0.1,
    achieved: { answered: interval, falseAnswers: interval },
    eceBefore: 0.2,
    eceAfter: 0.1,
    fittedOn: 'questions',
    fingerprint: 'one',
  };
  expect(parseSufficiency(kept, 'one')).toEqual(kept);
  expect(parseSufficiency(kept, 'other')).toBeUndefined();
  expect(parseSufficiency({ threshold: 1 }, 'one')).toBeUndefined();
  expect(parseSufficiency(undefined, undefined)).toBeUndefined();
});
