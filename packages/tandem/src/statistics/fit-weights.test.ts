import { expect, test } from 'vitest';
import { fitLogit, fitWeights, weigh } from './fit-weights.ts';
import { createRandom } from './random.ts';

/** Rows whose logit is known, drawn by it. */
function drawn(count: number, weights: readonly number[]) {
  const random = createRandom(7);
  const rows = Array.from({ length: count }, () => [10 * random.next(), random.next() / 100, 5]);
  const isSecond = rows.map((row) => random.next() < 1 / (1 + Math.exp(-weigh(row, weights))));
  return { rows, isSecond };
}

test('the weights that rows were drawn by are found again, whatever the scale of a signal', () => {
  const { rows, isSecond } = drawn(4_000, [0.6, 400, 0, -5]);
  const weights = fitLogit(rows, isSecond, { l2: 0.01 });
  expect(weights[0]).toBeCloseTo(0.6, 0);
  expect(Math.abs(weights[1]! - 400)).toBeLessThan(80);
  // It says nothing where it is always the same.
  expect(weights[2]).toBe(0);
});

test('a strong penalty leaves no weight but the share of each class', () => {
  const { rows, isSecond } = drawn(500, [0.6, 400, 0, -5]);
  const weights = fitLogit(rows, isSecond, { l2: 1e6 });
  expect(
    Math.max(...weights.slice(0, 2).map((weight, at) => Math.abs(weight * [10, 0.01][at]!))),
  ).toBeLessThan(0.01);
});

test('balanced, a rare class is told as often as a frequent one', () => {
  const rows = [
    ...Array.from({ length: 90 }, (_, at) => [at % 3]),
    ...Array.from({ length: 10 }, (_, at) => [1 + (at % 3)]),
  ];
  const labels = rows.map((_, at) => Number(at >= 90));
  const told = (isBalanced: boolean) => {
    const [first, second] = fitWeights(rows, labels, { classes: 2, l2: 0.1, isBalanced });
    return rows.filter((row) => weigh(row, second!) > weigh(row, first!)).length;
  };
  expect(told(false)).toBeLessThan(10);
  expect(told(true)).toBeGreaterThan(20);
});
