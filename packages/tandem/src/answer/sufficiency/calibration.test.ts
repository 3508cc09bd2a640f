import { expect, test } from 'vitest';
import { parseSufficiency } from './calibration.ts';
import { signalNames } from './signals.ts';

test('a calibration of another index, or of another version, is none', () => {
  const interval = { value: 0.9, low: 0.8, high: 1, n: 40 };
  const kept = {
    weights: Object.fromEntries([...signalNames, 'constant'].map((name) => [name, 1])),
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
  expect(parseSufficiency({ ...kept, weights: { passage: 1 } }, 'one')).toBeUndefined();
  expect(parseSufficiency({ threshold: 1 }, 'one')).toBeUndefined();
  expect(parseSufficiency(undefined, undefined)).toBeUndefined();
});
