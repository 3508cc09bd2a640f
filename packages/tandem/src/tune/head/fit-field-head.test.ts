import { expect, test } from 'vitest';
import { decideField } from '../../decide/head.ts';
import { createRandom } from '../../statistics/index.ts';
import { fitFieldHead, type LabelledVector } from './fit-field-head.ts';
import { fitTemperature } from './fit-temperature.ts';

const choices = ['refund', 'delivery', 'card'];

/** Vectors near one axis for each choice, `noise` far from it; every group has the same vector twice. */
function examples(count: number, noise: number, seed = 3): LabelledVector[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const vector = Float32Array.from(
      { length: 8 },
      (_, j) => (j === at % 3 ? 1 : 0) + noise * (random.next() - 0.5),
    );
    const one = { vector, choice: choices[at % 3]!, group: `g${at}` };
    return [one, one];
  }).flat();
}

const fit = (given: readonly LabelledVector[], seed = 7) =>
  fitFieldHead(given, { path: 'intent', choices, seed });

test('what it learnt holds for vectors that it has not seen, and the same examples give the same head', () => {
  const { head, figures } = fit(examples(60, 1));
  const others = examples(60, 1, 4);
  const right = others.filter(({ vector, choice }) => decideField(head, vector).choice === choice).length;
  expect(right / others.length).toBeGreaterThan(0.95);
  expect(figures).toMatchObject({ questions: 120, groups: 60, unseenChoices: [] });
  expect(figures.folds.accuracy).toBeGreaterThan(0.9);
  expect(fit(examples(60, 1)).head).toEqual(head);
});

test('choices in another order are the same choices', () => {
  const given = examples(30, 1.5);
  const { head } = fit(given);
  const { head: turned } = fitFieldHead(given, { path: 'intent', choices: choices.toReversed(), seed: 7 });
  for (const { vector } of examples(20, 1.5, 8)) {
    const [a, b] = [decideField(head, vector), decideField(turned, vector)];
    expect(b.choice).toBe(a.choice);
    expect(b.probability).toBeCloseTo(a.probability, 2);
  }
});

test('where vectors say nothing of the choice its probabilities say so', () => {
  const { head, figures } = fit(examples(90, 40));
  const said = examples(60, 40, 5).map(({ vector }) => decideField(head, vector).probability);
  const mean = said.reduce((sum, probability) => sum + probability, 0) / said.length;
  expect(figures.folds.accuracy).toBeLessThan(0.6);
  expect(mean - figures.folds.accuracy).toBeLessThan(0.15);
});

test('a choice that no example has is named, and not chosen', () => {
  const some = examples(30, 0.5).filter(({ choice }) => choice !== 'card');
  const { head, figures } = fit(some);
  expect(figures.unseenChoices).toEqual(['card']);
  for (const { vector } of some) expect(decideField(head, vector).choice).not.toBe('card');
});

test('the temperature undoes what logits were multiplied by', () => {
  const random = createRandom(1);
  const rows = 4000;
  const data = Float64Array.from({ length: rows * 3 }, () => 4 * random.next());
  const labels = Int32Array.from({ length: rows }, (_, i) => {
    const weights = data.subarray(3 * i, 3 * i + 3).map(Math.exp);
    let left = random.next() * (weights[0]! + weights[1]! + weights[2]!);
    return weights.findIndex((weight) => (left -= weight) <= 0);
  });
  for (const factor of [0.25, 1, 5])
    expect(
      fitTemperature({ rows, columns: 3, data: data.map((value) => factor * value) }, labels) / factor,
    ).toBeCloseTo(1, 1);
});

test('of many examples the temperature is that of a fold of all, and the head learns from all', () => {
  const many = examples(1200, 2);
  const { head, figures } = fit(many);
  expect(figures.questions).toBe(2400);
  expect(figures.folds.questions).toBe(800);
  const { accuracy } = figures.folds;
  const others = examples(400, 2, 12);
  const right = others.filter(({ vector, choice }) => decideField(head, vector).choice === choice).length;
  expect(Math.abs(right / others.length - accuracy)).toBeLessThan(0.06);
});
