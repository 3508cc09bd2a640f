import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LetterProject, makeLetterProject } from '../project/letter-project.fixture.ts';
import { startTandem } from './tandem-process.fixture.ts';

/** `tandem search --explain` in a process of its own, with a small embedder. */

let letters: LetterProject;
const tandem = (...args: string[]) => startTandem(args, { cwd: letters.directory }).done;
beforeAll(async () => {
  letters = await makeLetterProject({
    retrieve: { reranker: 'local:./reranker' },
    chunk: { maxTokens: 16, overlapTokens: 0, strategy: 'parent-child', childTokens: 16 },
  });
  expect((await tandem('ingest')).code).toBe(0);
}, 60_000);
afterAll(() => letters[Symbol.asyncDispose]());

test('how the question was read, which search found what, and what put it there', {
  timeout: 60_000,
}, async () => {
  const { out } = await tandem('search', 'what is h k, and why?', '--explain', '--k', '2');
  expect(out).toMatch(/named: h k \(100 % of it, d7\)/);
  expect(out).toMatch(/asked: .*why/);
  expect(out).toMatch(/kinds of section: .*causes/);
  expect(out).toMatch(/searched by meaning: what is h k, and why\? \| h k: /);
  expect(out).toMatch(/compared: \d+ passages; understand \d+ ms/);
  expect(out).toMatch(/rerank \d+ ms/);
  expect(out).toMatch(/1\. .*\n {3}.*documents\/d7\.md:\d+–\d+ .*fused/);
  expect(out).toMatch(/(?:dense|named|lexical|focused) #\d+/);
  expect(out).toMatch(/named \d\.\d\d/);
});

test('as JSON, each passage is the document’s slice and its explanation has its id', {
  timeout: 60_000,
}, async () => {
  const { passages, explanation } = JSON.parse(
    (await tandem('search', 'a d h', '--explain', '--json', '--k', '3')).out,
  );
  expect(explanation.compared).toBeGreaterThanOrEqual(3);
  const told = new Set(explanation.passages.map(({ id }: { id: string }) => id));
  for (const { id, start, end, text } of passages) {
    expect(told.has(id)).toBe(true);
    expect(text).toHaveLength(end - start);
  }
});
