import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { ingest } from '../runtime/ingest.ts';
import { type LetterProject, makeLetterProject } from './letter-project.fixture.ts';
import { openProject, type Project } from './open-project.ts';

/** `ask` without a language model: what it reads, and where that is said to be. */

let letters: LetterProject;
let project: Project;
beforeAll(async () => {
  letters = await makeLetterProject({
    models: { chat: 'local:smollm2-135m-instruct', embedder: 'local:./model' },
    retrieve: { k: 5, neighbours: 1, maxTokens: 64 },
  });
  await writeFile(
    join(letters.directory, 'documents', 'staff.md'),
    '---\nid: staff\naccess: staff\n---\n\n# h k o\n\n## i\n\nh o o k h.\n',
  );
  await writeFile(
    join(letters.directory, 'documents', 'long.md'),
    `---\nid: long\n---\n\n# o h\n\n## i\n\n${'h k o h k o h k. '.repeat(6)}\n`,
  );
  project = await openProject({ directory: letters.directory });
  await ingest(project);
}, 60_000);
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await letters[Symbol.asyncDispose]();
});

const read = async (question: string, options: Parameters<typeof ask>[2] = {}) =>
  new Set(
    (await ask(project, question, { extract: true, ...options })).passages.map((each) => each.documentId),
  );

test('who asks without a label that a document has does not read it', async () => {
  expect(await read('h k o')).toContain('staff');
  expect(await read('h k o', { access: ['public'] })).not.toContain('staff');
  expect(await read('h k o', { access: ['staff'] })).toEqual(new Set(['staff']));
  expect(await read('h k o', { documentIds: ['d3'] })).toEqual(new Set(['d3']));
});

test('neighbours and the token budget of the config hold for what is read', async () => {
  const retriever = await project.retriever();
  const many = await ask(project, 'h k o', { extract: true, k: 20 });
  const count = localToolsOf(await project.models.embedder())!.countTokens;
  const tokens = (passages: readonly { text: string }[]) =>
    passages.reduce((sum, { text }) => sum + count(text), 0);
  const unbounded = await retriever.retrieve('h k o', { k: 20 });
  expect(tokens(unbounded.passages)).toBeGreaterThan(64);
  expect(tokens(many.passages)).toBeLessThanOrEqual(64);

  const within = { documentIds: ['long'] };
  const bare = await retriever.retrieve('h k o', { k: 1, ...within });
  const wide = await ask(project, 'h k o', { extract: true, k: 1, ...within });
  expect(wide.passages[0]!.text.length).toBeGreaterThan(bare.passages[0]!.text.length);
});

test('what was said before tells what "it" is', async () => {
  const turns = [{ role: 'user' as const, content: 'what is h k o' }];
  const { passages } = await ask(project, 'and why is it so?', { extract: true, turns });
  expect(passages[0]!.documentId).toMatch(/^(?:staff|d7)$/);
  await expect(ask(project, 'and why?', { arm: 'base', turns })).rejects.toThrow(
    /rag or hybrid|each question by itself/,
  );
});
