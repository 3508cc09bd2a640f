import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptComparison, lastAccepted } from './accept-comparison.ts';
import { type KeptComparisons, openKeptComparisons } from './kept-comparisons.fixture.ts';
import { listComparisons } from './list-comparisons.ts';

let kept: KeptComparisons;
beforeEach(async () => {
  kept = await openKeptComparisons();
});
afterEach(() => kept[Symbol.asyncDispose]());

const clear = { base: { '*': 0.1 }, rag: { '*': 0.9 } };

test('comparisons are listed latest first, with their numbers, verdicts and the one that was accepted last', async () => {
  const { parts } = kept;
  const first = await kept.keep({ chances: clear, groups: 24 });
  const second = await kept.keep({ chances: clear, groups: 8, seed: 2 });
  expect(await lastAccepted(parts)).toBeUndefined();
  await acceptComparison(parts, { runId: first.runId, by: 'ann', why: 'first that is good enough' });
  await acceptComparison(parts, { runId: second.runId });
  await acceptComparison(parts, { runId: first.runId, by: 'bo' });

  const listed = await listComparisons(parts);
  expect(listed.map(({ runId }) => runId)).toEqual([second.runId, first.runId]);
  expect(listed.map(({ isAccepted }) => isAccepted)).toEqual([false, true]);
  expect(listed[1]!.acceptance).toMatchObject({ by: 'bo' });
  const overall = first.result.slices[0]!;
  expect(listed[1]!.result).toMatchObject({
    model: 'Dice-135M (synthetic)',
    cases: overall.cases,
    verdict: { outcome: 'better', arm: 'rag' },
  });
  expect(listed[1]!.result!.arms.find(({ arm }) => arm === 'rag')!.value).toBe(
    overall.arms.find(({ arm, metric }) => arm === 'rag' && metric === 'right')!.value,
  );
  expect(await listComparisons(parts, { limit: 1 })).toHaveLength(1);
});

test('an unfinished comparison is listed as such and cannot be accepted, nor can a run that is none', async () => {
  const { catalog } = kept.parts;
  const failed = await catalog.runs.start({ kind: 'compare', config: {} });
  await catalog.runs.finish(failed.id, { status: 'failed', error: 'no' });
  const ingest = await catalog.runs.start({ kind: 'ingest', config: {} });
  expect(await listComparisons(kept.parts)).toEqual([
    expect.objectContaining({ runId: failed.id, status: 'failed', isAccepted: false }),
  ]);
  const accept = (runId: string) => acceptComparison(kept.parts, { runId });
  await expect(accept(failed.id)).rejects.toThrow(/was not finished \(failed\)/);
  await expect(accept(ingest.id)).rejects.toThrow(/is a run of ingest, not a comparison/);
  await expect(accept('run_none')).rejects.toThrow('There is no run run_none in this project.');
});
