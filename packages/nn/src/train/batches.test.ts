import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutIntoPasses, epochSteps } from './batches.ts';
import { learningRateFactor } from './schedule.ts';

test('a step holds examples of similar length', () => {
  const lengths = Array.from({ length: 240 }, (_, index) => (index % 3 === 0 ? 30 : 450) + (index % 7));
  const mixed = epochSteps(lengths, 4, 1, 0).filter(
    (step) => new Set(step.map((index) => lengths[index]! > 200)).size > 1,
  );
  // One step in each sorted group may straddle.
  expect(mixed.length).toBeLessThanOrEqual(2);
  // And short and long steps take turns at random.
  const kinds = epochSteps(lengths, 4, 1, 0).map((step) => lengths[step[0]!]! > 200);
  expect(kinds.slice(0, 20)).toContain(true);
  expect(kinds.slice(0, 20)).toContain(false);
});

test('an epoch has every example once, the same for a seed, another for another', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer(),
      fc.nat(9),
      (lengths, size, seed, epoch) => {
        const steps = epochSteps(lengths, size, seed, epoch);
        expect(steps.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
        expect(steps).toHaveLength(Math.ceil(lengths.length / size));
        expect(steps.slice(0, -1).every((step) => step.length === size)).toBe(true);
        expect(epochSteps(lengths, size, seed, epoch)).toEqual(steps);
      },
    ),
  );
  const fifty = Array.from({ length: 50 }, () => 10);
  expect(epochSteps(fifty, 4, 1, 0)).not.toEqual(epochSteps(fifty, 4, 2, 0));
  expect(epochSteps(fifty, 4, 1, 0)).not.toEqual(epochSteps(fifty, 4, 1, 1));
});

test('passes hold every example once, within the limit, at no more cost than one pass each', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 24 }),
      fc.integer({ min: 100, max: 2000 }),
      (lengths, limit) => {
        const examples = lengths.map((_, index) => index);
        const cut = cutIntoPasses(examples, lengths, limit);
        expect(cut.flat().sort((a, b) => a - b)).toEqual(examples);
        const padded = cut.map((pass) => pass.length * Math.max(...pass.map((index) => lengths[index]!)));
        cut.forEach((pass, index) => {
          if (pass.length > 1) expect(padded[index]).toBeLessThanOrEqual(limit);
        });
        const cost = padded.reduce((total, tokens) => total + tokens + 60, 0);
        expect(cost).toBeLessThanOrEqual(lengths.reduce((total, tokens) => total + tokens + 60, 0));
      },
    ),
  );
  expect(cutIntoPasses([0, 1, 2, 3], [450, 30, 440, 32], 1024)).toEqual([
    [1, 3],
    [2, 0],
  ]);
});

test('the learning rate rises to its peak, falls, and is never zero', () => {
  const factors = Array.from({ length: 20 }, (_, index) => learningRateFactor(index + 1, 4, 20));
  expect(factors.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
  for (let index = 4; index < 20; index++) expect(factors[index]).toBeLessThan(factors[index - 1]!);
  expect(factors.at(-1)).toBeGreaterThan(0);
});
