import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLocalReranker } from './local-reranker.ts';

const path = join(import.meta.dirname, '../../../nn/references/bert/cross-encoder');

test('texts in the order of their scores, all or the best few; too long ones are cut', async () => {
  await using reranker = await openLocalReranker({ path, threads: 1 });
  const values = ['a b c', 'c d', 'a '.repeat(400), 'e'];
  const rerank = (topN?: number) =>
    reranker.doRerank({
      query: 'a b',
      documents: { type: 'text', values },
      ...(topN !== undefined && { topN }),
    });
  const { ranking } = await rerank();
  expect(ranking.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3]);
  const scores = ranking.map(({ relevanceScore }) => relevanceScore);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  for (const score of scores) {
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
  }
  expect((await rerank(2)).ranking).toEqual(ranking.slice(0, 2));
});

test('objects are refused, an abort is heeded', async () => {
  await using reranker = await openLocalReranker({ path, threads: 1 });
  await expect(
    reranker.doRerank({ query: 'a', documents: { type: 'object', values: [{ a: 1 }] } }),
  ).rejects.toThrow(/reads texts, and was given objects/);
  await expect(
    reranker.doRerank({
      query: 'a',
      documents: { type: 'text', values: ['b'] },
      abortSignal: AbortSignal.abort(),
    }),
  ).rejects.toThrow();
});
