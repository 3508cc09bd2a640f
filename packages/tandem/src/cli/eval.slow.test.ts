import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LetterProject, makeLetterProject } from '../project/letter-project.fixture.ts';
import { startTandem } from './tandem-process.fixture.ts';

/** `tandem eval retrieval` and `tandem search --explain` in processes of their own, with a small embedder. */

let letters: LetterProject;
const tandem = (...args: string[]) => startTandem(args, { cwd: letters.directory }).done;
beforeAll(async () => {
  letters = await makeLetterProject();
  expect((await tandem('ingest')).code).toBe(0);
}, 60_000);
afterAll(() => letters[Symbol.asyncDispose]());

test('recall, nDCG and MRR with intervals, and why the rest failed', { timeout: 60_000 }, async () => {
  const { out } = await tandem('eval', 'retrieval', '--json');
  const told = JSON.parse(out);
  expect(told).toMatchObject({ cases: 13, groups: 13, withoutSource: ['unsaid'] });
  expect(Object.keys(told.recall)).toEqual(['1', '3', '5', '10']);
  for (const { value, low, high } of [
    ...Object.values<{ value: number; low: number; high: number }>(told.recall),
    told.mrr,
  ]) {
    expect(low).toBeLessThanOrEqual(value);
    expect(value).toBeLessThanOrEqual(high);
  }
  expect(told.recall['10'].value).toBeGreaterThan(0.5);
  expect(told.failures).toHaveLength(13 - Math.round(13 * told.recall['10'].value));
  expect(told.failures.find(({ id }: { id: string }) => id === 'nowhere')).toMatchObject({
    kind: 'not indexed',
    expected: { documentId: 'd99', section: 'i' },
  });
  expect(told.mode).toBe('hybrid');
  expect(told.others.map(({ mode }: { mode: string }) => mode)).toEqual(['dense', 'lexical']);

  const modes = (await tandem('eval', 'retrieval')).out;
  expect(modes).toMatch(/\n?hybrid \(in use\) +[01]\.\d{3} .*\nmeaning alone +[01].*\nwords alone +[01]/);
  expect(modes).toMatch(/words alone less hybrid: recall@1 [+−]\d\.\d{3} \([+−]/);
  expect(modes).toMatch(/nowhere: there is no document d99\. The nearest is "d9"\./);

  const shown = await tandem('eval', 'retrieval', '--failures', '--mode', 'lexical');
  const [heads, cells] = shown.out.split('\n') as [string, string];
  expect(heads).toMatch(/recall@1 +recall@3 +recall@5 +recall@10 +nDCG@10 +MRR/);
  // Each head is where its figure begins.
  for (const { index } of heads.matchAll(/\S+/g)) expect(cells.slice(index)).toMatch(/^[01]\.\d{3} /);
  expect(shown.out).toContain('13 cases of 13 groups; 95 % intervals by groups.');
  expect(shown.out).toMatch(/1 more case has no source and was left out/);
  expect(shown.out).toMatch(/Not found: \d+ of 13\./);
});

test('each way of cutting documents, with an index of its own', { timeout: 120_000 }, async () => {
  const { out, err } = await tandem('eval', 'retrieval', '--chunkers', '--json');
  const rows = JSON.parse(out || JSON.stringify(err));
  expect(rows.map(({ strategy }: { strategy: string }) => strategy)).toEqual([
    'sentence',
    'structural',
    'fixed',
    'semantic',
    'parent-child',
  ]);
  for (const { chunks, evaluation } of rows) {
    expect(chunks).toBeGreaterThan(0);
    expect(evaluation.cases).toBe(13);
  }
  expect((await readdir(join(letters.directory, '.tandem', 'chunkers'))).sort()).toEqual(
    rows.map(({ strategy }: { strategy: string }) => strategy).sort(),
  );
});

test('what cannot be measured is said', { timeout: 60_000 }, async () => {
  const mode = await tandem('eval', 'retrieval', '--mode', 'guess');
  expect(mode.code).toBe(1);
  expect(mode.err).toMatch(/--mode is "guess".*hybrid, dense or lexical/s);
  const missing = await tandem('eval', 'retrieval', '--cases', 'missing.jsonl');
  expect(missing.code).toBe(1);
  expect(missing.err).toContain('missing.jsonl');
});
