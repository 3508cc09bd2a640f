import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptComparison } from './accept-comparison.ts';
import { diffComparisons } from './diff-comparisons.ts';
import { decideGate, openGate } from './gate.ts';
import { type KeptComparisons, openKeptComparisons } from './kept-comparisons.fixture.ts';

let kept: KeptComparisons;
beforeEach(async () => {
  kept = await openKeptComparisons();
});
afterEach(() => kept[Symbol.asyncDispose]());

const arms = (base: number, rag: number) => ({ base: { '*': base }, rag: { '*': rag } });

test('the same answers again are no change, and pass', async () => {
  const { runId, result } = await kept.keep({ chances: arms(0.2, 0.8), groups: 24 });
  await acceptComparison(kept.parts, { runId });
  const gate = await openGate(kept.parts);
  const diff = diffComparisons(gate.against.result, result);
  expect(diff).toMatchObject({
    cases: { shared: 72, onlyBefore: 0, onlyAfter: 0 },
    sentence: 'The same 72 cases about 24 groups.',
  });
  expect(diff.arms.map(({ arm, by, adjustedP }) => ({ arm, by, adjustedP }))).toEqual([
    { arm: 'base', by: 0, adjustedP: 1 },
    { arm: 'rag', by: 0, adjustedP: 1 },
  ]);
  expect(decideGate(gate, diff)).toMatchObject({ passed: true, arm: 'rag', groups: 24 });
});

test('a regression of the arm in use is shown and does not pass; of another arm it does', async () => {
  const before = await kept.keep({ chances: arms(0.8, 0.9), groups: 30 });
  const worse = await kept.keep({ chances: arms(0.8, 0.3), groups: 30 });
  const gate = await openGate(kept.parts, { against: before.runId });
  const diff = diffComparisons(before.result, worse.result);
  const rag = diff.arms.find(({ arm }) => arm === 'rag')!;
  expect(rag).toMatchObject({ shown: 'worse', cases: 90, groups: 30 });
  expect(rag.high).toBeLessThan(0);
  expect(rag.by).toBeCloseTo(rag.after - rag.before, 10);
  expect(rag.adjustedP).toBeGreaterThanOrEqual(rag.p!);
  const outcome = decideGate(gate, diff);
  expect(outcome.passed).toBe(false);
  expect(outcome.sentence).toMatch(
    /^Not passed: a regression was shown\. rag \d+ % → \d+ % on Right answers: worse by \d+ points/,
  );

  const baseWorse = await kept.keep({ chances: arms(0.1, 0.9), groups: 30 });
  expect(decideGate(gate, diffComparisons(before.result, baseWorse.result)).passed).toBe(true);
  // The other way round it is an advance.
  const back = diffComparisons(worse.result, before.result).arms.find(({ arm }) => arm === 'rag')!;
  expect(back.shown).toBe('better');
  expect(back.by).toBeCloseTo(-rag.by, 10);
});

test('too few groups in both are no pass, and cases that are not the same are said to be', async () => {
  const before = await kept.keep({ chances: arms(0.2, 0.8), groups: 30 });
  const fewer = await kept.keep({ chances: arms(0.2, 0.8), groups: 6 });
  const gate = await openGate(kept.parts, { against: before.runId });
  const diff = diffComparisons(before.result, fewer.result);
  expect(diff.cases).toEqual({ shared: 18, onlyBefore: 72, onlyAfter: 0 });
  expect(diff.sentence).toMatch(/^They are not all the same cases: 18 cases about 6 groups are in both/);
  expect(decideGate(gate, diff)).toMatchObject({ passed: false, groups: 6, leastGroups: 20 });
  expect(decideGate({ ...gate, leastGroups: 6 }, diff).passed).toBe(true);

  const others = {
    ...fewer.result,
    cases: fewer.result.cases.map((record) => ({
      ...record,
      case: { ...record.case, question: `${record.case.question} Really?` },
    })),
  };
  const apart = diffComparisons(before.result, others);
  expect(apart).toMatchObject({ arms: [], cases: { shared: 0, onlyBefore: 90, onlyAfter: 18 } });
  expect(apart.sentence).toMatch(/^They are not the same cases/);
  expect(decideGate({ ...gate, leastGroups: 1 }, apart).passed).toBe(false);
});

test('without an accepted comparison, or where it has not the arm in use, it is said before anything is asked', async () => {
  await expect(openGate(kept.parts)).rejects.toThrow(/No comparison has been accepted yet/);
  const { runId } = await kept.keep({ chances: { base: { '*': 0.5 } }, groups: 4 });
  await acceptComparison(kept.parts, { runId });
  await expect(openGate(kept.parts)).rejects.toThrow(
    `The comparison ${runId} does not have rag, the arm in use.`,
  );
});
