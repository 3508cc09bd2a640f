import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeBertGguf } from '../models/bert-gguf.fixture.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { startTandem } from './tandem-process.fixture.ts';

/** Embedders other than the default, by the command line: their languages, their length, and a GGUF file from ingest to search. */

let directory: string;
const tandem = (...args: string[]) => startTandem(args, { cwd: directory }).done;
const config = (rest: object) =>
  writeFile(
    join(directory, 'tandem.config.ts'),
    `export default ${JSON.stringify({ name: 'test', sources: [{ type: 'files', path: 'documents' }], ...rest })};\n`,
  );

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-embedders-'));
  await mkdir(join(directory, 'documents'));
  const thai =
    'สมาชิกห้องสมุดยืมหนังสือได้ครั้งละหกเล่มเป็นเวลาหนึ่งเดือน และสามารถต่ออายุการยืมได้สองครั้งหากไม่มีผู้อื่นจองหนังสือเล่มนั้นไว้ ผู้ที่ส่งหนังสือช้าต้องเสียค่าปรับ';
  for (const name of ['a', 'b', 'c'])
    await writeFile(join(directory, `documents/${name}.md`), `# ${name}\n\n${thai} ${name}\n`);
  const english =
    'Members of the library borrow up to six books for a month. They may renew them twice unless another reader is waiting. Whoever returns a book late pays a fee for each week.';
  await writeFile(join(directory, 'documents/en.md'), `# Borrowing\n\n${english}\n`);
});
afterAll(() => rm(directory, { recursive: true }));

test('an English embedder for Thai documents: ingest and doctor say what that means', async () => {
  await config({});
  const warning =
    /Most of your documents are in Thai; the embedder all-minilm-l6-v2 reads English\. Search by meaning will not help there, words decide\./;
  const ingested = await tandem('ingest');
  expect(ingested.out).toMatch(warning);
  expect(ingested.code).toBe(0);
  const { checks } = { checks: JSON.parse((await tandem('doctor', '--json')).out) };
  expect(checks).toContainEqual({
    name: 'Languages',
    state: 'warning',
    message: expect.stringMatching(warning),
    hint: expect.stringContaining('multilingual embedder, such as local:'),
  });
  await config({ models: { embedderOptions: { languages: ['en', 'th'] } } });
  expect((await tandem('ingest')).out).not.toContain('Thai');
});

test('a chunk longer than the embedder reads is an error with both numbers', async () => {
  await config({ chunk: { maxTokens: 1024 } });
  const { code, err } = await tandem('ingest');
  expect(code).toBe(1);
  expect(err).toContain(
    'chunk.maxTokens is 1024, and the embedder all-minilm-l6-v2 reads 254 tokens of a text',
  );
});

test('a GGUF file, with chunks as long as it reads; a copy elsewhere has the same vectors', async () => {
  const minilm = (await fetchModel('local:all-minilm-l6-v2')).path;
  await mkdir(join(directory, 'moved'));
  for (const path of ['model.gguf', 'moved/renamed.gguf'])
    await writeBertGguf(minilm, join(directory, path), { type: 'F16', name: 'all-MiniLM-L6-v2' });
  await config({ models: { embedder: 'local:./model.gguf' }, chunk: { maxTokens: 400 } });
  const first = JSON.parse((await tandem('ingest', '--json')).out);
  // Nobody says which languages the file reads, so its tokenizer was measured.
  expect(first).toMatchObject({
    fromCache: 0,
    languageWarning: { message: expect.stringContaining('its tokenizer spells') },
  });
  const found = JSON.parse((await tandem('search', 'how long may I keep a book', '--k', '1', '--json')).out);
  expect(JSON.stringify(found)).toContain('Members of the library');

  await config({ models: { embedder: 'local:./moved/renamed.gguf' }, chunk: { maxTokens: 401 } });
  expect(JSON.parse((await tandem('ingest', '--json')).out)).toMatchObject({ embedded: 0, fromCache: 4 });
});
