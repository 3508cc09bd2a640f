import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from '../../statistics/index.ts';
import { sufficiencyOf } from './assess-evidence.ts';
import { areAnswered, learnSufficiency, type SufficiencyExample, thresholdOf } from './learn-sufficiency.ts';
import { type SufficiencySignals, signalNames } from './signals.ts';

const none = Object.fromEntries(signalNames.map((name) => [name, 0])) as unknown as SufficiencySignals;

/** Whether there is an answer hangs on `signal` alone, and not always. */
function told(count: number, signal: keyof SufficiencySignals, seed = 1): SufficiencyExample[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const value = random.next();
    return {
      signals: { ...none, passage: random.next(), [signal]: value },
      isAnswerable: random.next() < 0.1 + 0.8 * Number(value > 0.5),
      group: `${seed}-${at}`,
    };
  });
}

const answerable = (examples: readonly SufficiencyExample[]) => examples.map((each) => each.isAnswerable);

test('of the questions without an answer no more are answered than was asked for', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
        minLength: 12,
        maxLength: 80,
      }),
      fc.double({ min: 0.02, max: 0.6, noNaN: true }),
      (list, rate) => {
        const threshold = thresholdOf(
          list.map(([value]) => value),
          list.map(([, is]) => is),
          rate,
        );
        const without = list.filter(([, is]) => !is);
        const answered = without.filter(([value]) => value >= threshold && threshold < 1).length;
        expect(answered).toBeLessThanOrEqual(rate * (without.length + 1));
      },
    ),
    { seed: 1 },
  );
});

test('with fewer than a rate needs, nothing is answered', () => {
  expect(thresholdOf([0, 0.25, 0.5, 0.75, 0.9], [false, false, false, true, true], 0.1)).toBe(1);
});

test('what tells in this project is learnt, whichever signal it is', () => {
  for (const signal of ['named', 'covered', 'lead'] as const) {
    const { weights, tells, eceAfter, eceBefore } = learnSufficiency(told(200, signal));
    expect(tells).toBe(true);
    expect(eceAfter).toBeLessThan(eceBefore);
    const probability = (value: number) => sufficiencyOf({ ...none, passage: 0.5, [signal]: value }, weights);
    expect(probability(0.95)).toBeGreaterThan(0.7);
    expect(probability(0.05)).toBeLessThan(0.3);
  }
});

test('where nothing tells, that is said, or next to nothing is answered', () => {
  const examples = told(200, 'named').map((each, at) => ({ ...each, isAnswerable: at % 2 === 0 }));
  const { tells, probabilities } = learnSufficiency(examples);
  const threshold = thresholdOf(probabilities, answerable(examples), 0.05);
  const answered = probabilities.filter((each, at) => each >= threshold && examples[at]!.isAnswerable).length;
  expect(!tells || answered < 20).toBe(true);
});

test('the rate that was asked for holds for questions that were not fitted on, and a greater one lets more through', () => {
  const examples = told(400, 'named');
  const rates = [0.05, 0.1, 0.2, 0.3];
  const answered = areAnswered(examples, rates);
  const shares = rates.map((_, rate) => {
    const of = (is: boolean) => {
      const own = answered.filter((_, at) => examples[at]!.isAnswerable === is);
      return own.filter((each) => each[rate]).length / own.length;
    };
    return { right: of(true), wrong: of(false) };
  });
  for (const [at, { wrong }] of shares.entries()) expect(wrong).toBeLessThan(rates[at]! + 0.06);
  const right = shares.map((each) => each.right);
  expect(right).toEqual(right.toSorted((a, b) => a - b));
  expect(right.at(-1)).toBeGreaterThan(0.8);
});
