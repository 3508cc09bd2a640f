import { expect, test } from 'vitest';
import { independentGroups } from '../dataset/independent-groups.ts';
import { compareGivenArms } from './compare-given-arms.fixture.ts';
import { repeatCases, repeatSpreads, repeatsReason } from './repeats.ts';
import { syntheticOptions } from './synthetic-comparison.fixture.ts';

test('repeats are no further cases: each is in its case’s group', () => {
  const cases = [
    { id: 'a', question: 'How high is the gate?', expected: '3 m' },
    { id: 'b', question: 'Who paints the crane?', expected: 'Ann', group: 'crane' },
  ];
  const repeated = repeatCases(cases, 3);
  expect(repeated).toHaveLength(6);
  expect(new Set(repeated.map(({ id }) => id)).size).toBe(6);
  expect(independentGroups(repeated)).toEqual(['a', 'crane', 'a', 'crane', 'a', 'crane']);
  expect(repeatCases(cases, 1)).toEqual(cases);
});

test('the spread of an arm is that of its repeats, and a dice’s is not nought', async () => {
  const given = syntheticOptions({ chances: { base: { '*': 0 }, rag: { '*': 0.5 } }, groups: 30 });
  const result = await compareGivenArms({ ...given, cases: repeatCases(given.cases, 3), repeats: 3 });
  const metric = result.metrics.find(({ id }) => id === 'right')!;
  const [base, rag] = repeatSpreads(result, metric);
  expect(base).toMatchObject({ arm: 'base', values: [0, 0, 0], low: 0, high: 0 });
  expect(rag!.values).toHaveLength(3);
  expect(new Set(rag!.values).size).toBeGreaterThan(1);
  expect(rag!.low).toBeLessThan(rag!.mean);
  expect(result.slices[0]).toMatchObject({ cases: given.cases.length * 3, groups: 30 });
  const { text, lines } = repeatsReason(result, metric);
  expect(text).toContain(`${given.cases.length} cases`);
  expect(lines![0]).toContain('mean 0 %');
});
