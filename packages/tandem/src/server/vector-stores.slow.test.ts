import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type TandemServer } from './open-server.ts';
import { formOf } from './scripted-server.fixture.ts';

const clinic = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'clinic', 'documents');

let folder: string;
let server: TandemServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-server-'));
  server = await openServer({ folder });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: what a test expects of a body it says itself
async function ask(method: string, path: string, body?: object): Promise<any> {
  const isForm = body instanceof FormData;
  const response = await server.fetch(
    new Request(`http://localhost/v1${path}`, {
      method,
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
      ...(body && !isForm && { headers: { 'content-type': 'application/json' } }),
    }),
  );
  return response.json();
}

async function settled(store: string): Promise<void> {
  await expect
    .poll(async () => (await ask('GET', `/vector_stores/${store}`)).status, {
      timeout: 200_000,
      interval: 50,
    })
    .toBe('completed');
}

/** Bytes of a folder's files, all together. */
const bytesIn = (path: string): Buffer =>
  Buffer.concat(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );

test('with the built-in embedder and LanceDB: real documents are found by meaning, and leave nothing when they go', async () => {
  const names = readdirSync(clinic).sort().slice(0, 4);
  const ids: Record<string, string> = {};
  for (const name of names) {
    const content = readFileSync(join(clinic, name));
    ids[name] = (await ask('POST', '/files', formOf({ content, name, purpose: 'assistants' }))).id;
  }
  const secret = 'The password of the safe is xylophone-marmalade.';
  const safe = await ask(
    'POST',
    '/files',
    formOf({ content: `# Safe\n\n${secret}\n`, name: 'safe.md', purpose: 'assistants' }),
  );
  const store = await ask('POST', '/vector_stores', { file_ids: [...Object.values(ids), safe.id] });
  await settled(store.id);
  const search = async (body: object) => (await ask('POST', `/vector_stores/${store.id}/search`, body)).data;
  const [best] = await search({ query: 'What is the password of the vault?', max_num_results: 3 });
  expect(best).toMatchObject({ file_id: safe.id, content: [{ text: expect.stringContaining(secret) }] });
  expect(best.score).toBeGreaterThan(0);
  expect(best.score).toBeLessThanOrEqual(1);

  // Beyond what the embedder reads: searched by parts, without overlap.
  const chunking = (max_chunk_size_tokens: number, chunk_overlap_tokens: number) => ({
    file_id: ids[names[0]!],
    chunking_strategy: { type: 'static', static: { max_chunk_size_tokens, chunk_overlap_tokens } },
  });
  const refused = await ask('POST', `/vector_stores/${store.id}/files`, chunking(800, 400));
  expect(refused.error).toMatchObject({
    param: 'chunking_strategy',
    message: expect.stringMatching(/^The embedder all-minilm-l6-v2 reads 254 tokens of a text\./),
  });
  expect((await ask('POST', `/vector_stores/${store.id}/files`, chunking(800, 0))).status).toBe(
    'in_progress',
  );
  await settled(store.id);
  const title = readFileSync(join(clinic, names[0]!), 'utf8').slice(0, 200);
  expect((await search({ query: title })).map(({ file_id }: { file_id: string }) => file_id)).toContain(
    ids[names[0]!],
  );

  const index = join(folder, 'vector_stores', store.id);
  expect(bytesIn(index).includes('xylophone-marmalade')).toBe(true);
  await ask('DELETE', `/vector_stores/${store.id}/files/${safe.id}`);
  const found = await search({ query: 'What is the password of the vault?' });
  expect(found.some(({ file_id }: { file_id: string }) => file_id === safe.id)).toBe(false);
  await expect
    .poll(() => bytesIn(index).includes('xylophone-marmalade'), { timeout: 60_000, interval: 200 })
    .toBe(false);
});
