import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ingest } from '../runtime/ingest.ts';
import { tuneReranker } from '../tune/encoders/tune-reranker.ts';
import { makeLetterProject } from './letter-project.fixture.ts';
import { openProject } from './open-project.ts';

test('training questions make a cross-encoder that the config can name', async () => {
  await using letters = await makeLetterProject();
  let reference: string;
  {
    await using project = await openProject(letters);
    await ingest(project, {});
    const trained = await tuneReranker(project, { epochs: 8 });
    expect(trained).toMatchObject({ pairs: 9, withNegatives: 9 });
    expect(trained.metrics.losses.at(-1)).toBeLessThan(trained.metrics.losses[0]!);
    reference = trained.reference;
    expect(trained.settings).toMatchObject({ method: 'full', epochs: 8, batchSize: 16, learningRate: 5e-5 });
    const card = await readFile(join(trained.directory, 'README.md'), 'utf8');
    expect(card).toContain('pipeline_tag: text-ranking');
    expect(card).toMatch(/\| recall@1 on validation pairs \| [\d.]+ \| [\d.]+ \| 3 \|/);
  }
  await using again = await makeLetterProject();
  await using project = await openProject(again);
  // The reference is relative to the project that it was trained in.
  expect(reference).toMatch(/^local:\.\/\.tandem\/rerankers\/reranker_/);
  await ingest(project, {});
  const plain = await (await project.retriever()).retrieve('a d h', { k: 3 });
  expect(plain.passages[0]!.scores.rerank).toBeUndefined();
});

test('a reranker reads the best passages; what it says is added to what spoke for them', async () => {
  await using letters = await makeLetterProject({
    retrieve: { reranker: 'local:./reranker', rerankCandidates: 6 },
  });
  await using project = await openProject(letters);
  await ingest(project, {});
  const retriever = await project.retriever();
  const { passages, timings } = await retriever.retrieve('a d h', { k: 4 });
  expect(passages).toHaveLength(4);
  expect(timings.rerank).toBeGreaterThan(0);
  for (const { scores } of passages) {
    expect(scores.rerank).toBeGreaterThanOrEqual(0);
    expect(scores.rerank).toBeLessThanOrEqual(1);
  }
  const ranks = passages.map(({ score }) => score);
  expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
});

test('a reranker that is an embedder, or a provider without any, is refused', async () => {
  for (const [retrieve, message] of [
    [
      { reranker: 'local:all-minilm-l6-v2' },
      /retrieve\.reranker is local:all-minilm-l6-v2, which is an embedder/,
    ],
    [{ reranker: 'nobody:x' }, /names the provider nobody/],
  ] as const) {
    await using letters = await makeLetterProject({ retrieve });
    await expect(openProject(letters)).rejects.toThrow(message);
  }
});
