import { expect, test } from 'vitest';
import { unit } from '../../core/cosine.ts';
import { createRandom } from '../../statistics/index.ts';
import { type PlacedQuestion, questionDrift } from './question-drift.ts';

const random = createRandom(5);

/** Directions near one of the axes, as questions about one subject have. */
function about(axis: number, count: number, from = 0): PlacedQuestion[] {
  return Array.from({ length: count }, (_, at) => ({
    question: `question ${from + at} about ${axis}`,
    vector: unit(Float32Array.from({ length: 8 }, (_, i) => (i === axis ? 1 : 0.25 * random.next()))),
    group: `${axis} ${from + at}`,
  }));
}

const cases = [...about(0, 60), ...about(1, 60)];

test('questions like the cases are as far from them as the cases are from one another', () => {
  const drift = questionDrift([...about(0, 80, 100), ...about(1, 80, 100)], cases);
  expect(drift.isShown).toBe(false);
  expect(drift.share.low).toBeLessThanOrEqual(0.05);
  expect(drift.share.value).toBeLessThan(0.15);
});

test('a new subject is drift, and its questions are named with the nearest case', () => {
  const drift = questionDrift([...about(0, 60, 100), ...about(5, 30, 100)], cases);
  expect(drift.isShown).toBe(true);
  expect(drift.share.value).toBeGreaterThan(0.3);
  expect(drift.farthest).toHaveLength(5);
  for (const { question, nearest } of drift.farthest) {
    expect(question).toMatch(/about 5$/);
    expect(nearest).toMatch(/about [01]$/);
  }
});

test('one new question asked fifty times is no evidence that the questions have changed', () => {
  const [stranger] = about(5, 1, 100);
  const drift = questionDrift([...about(0, 50, 100), ...Array(50).fill(stranger)], cases);
  expect(drift.share.value).toBeLessThan(0.2);
  expect(drift.share.groups).toBe(51);
  expect(drift.isShown).toBe(false);
  expect(drift.farthest.filter(({ question }) => question === stranger!.question)).toHaveLength(1);
});

test('too few cases, or no questions, are one clear sentence', () => {
  expect(() => questionDrift([], cases)).toThrow(/No question has been asked/);
  expect(() => questionDrift(about(0, 5), cases.slice(0, 19))).toThrow(
    'The cases are about 19 groups, and what is far from them can be told from 20 on.',
  );
});
