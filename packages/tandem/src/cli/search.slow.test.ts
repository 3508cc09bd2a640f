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
  // What is searched is what was asked.
  expect(out).not.toMatch(/searched:/);
  expect(out).toMatch(/weights: meaning 0\.\d\d, words 0\.\d\d, .*names 0\.\d\d/);
  expect(out).toMatch(/compared: \d+ passages; understand \d+ ms/);
  expect(out).toMatch(/rerank \d+ ms/);
  expect(out).toMatch(/1\. .*\n {3}.*documents\/d7\.md:\d+–\d+\n/);
  expect(out).toMatch(/Its document is called “h k”; \d+(?:st|nd|rd|th) by meaning; /);
  expect(out).toMatch(/ = .*names \d\.\d{3}/);
});

test('a score is the sum of the numbers after it', { timeout: 60_000 }, async () => {
  const { out } = await tandem('search', 'what is h k, and why?', '--explain', '--k', '6');
  const sums = [...out.matchAll(/^ {3}(-?\d\.\d{3}) = (.*)$/gm)];
  expect(sums.length).toBeGreaterThan(2);
  for (const [, score, terms] of sums) {
    const sum = [...` + ${terms!.replace(/^− /, '- ')}`.matchAll(/([+−]) (?:- )?[a-z]+ (\d\.\d{3})/g)].reduce(
      (total, [, sign, share]) => total + (sign === '−' ? -1 : 1) * Number(share),
      0,
    );
    expect(sum).toBeCloseTo(Number(score), 6);
  }
});

test('flags with one value each leave the question alone; a filter value that no document has is reported', {
  timeout: 60_000,
}, async () => {
  const { passages } = JSON.parse(
    (await tandem('search', '--document', 'd7', '--access', 'public', '--json', 'a d h')).out,
  );
  expect(new Set(passages.map(({ documentId }: { documentId: string }) => documentId))).toEqual(
    new Set(['d7']),
  );
  const [kind, label] = await Promise.all([
    tandem('search', '--where', 'kind=leaflet', 'a d h'),
    tandem('search', '--access', 'staff', 'a d h'),
  ]);
  expect(kind.out).toMatch(/Nothing found\. No document has "kind" in its metadata; /);
  expect(label.out).toMatch(/Nothing found\. No document has the access label "staff"; there is public\./);
});

test('what no document has a word of is named; other modes have nothing to explain', {
  timeout: 60_000,
}, async () => {
  const [found, json, lexical] = await Promise.all([
    tandem('search', 'h k and ZBX', '--k', '2'),
    tandem('search', 'h k and ZBX', '--k', '2', '--json'),
    tandem('search', 'h k', '--mode', 'lexical', '--explain'),
  ]);
  expect(found.out).toMatch(/The documents say nothing about ZBX\./);
  expect(JSON.parse(json.out).missing).toEqual(['ZBX']);
  expect(lexical).toMatchObject({ code: 1, err: expect.stringContaining('--mode lexical does neither') });
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
