import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formOf } from './scripted-server.fixture.ts';

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-server-kill-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a server over the folder. */
async function start(): Promise<string> {
  child = spawn(process.execPath, [join(import.meta.dirname, 'server-process.fixture.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  return url;
}

async function kill(): Promise<void> {
  const ended = once(child!, 'exit');
  child!.kill('SIGKILL');
  await ended;
}

// biome-ignore lint/suspicious/noExplicitAny: what a test expects of a body it says itself
async function ask(url: string, method: string, path: string, body?: object): Promise<any> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${url}/v1${path}`, {
    method,
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
    ...(body && !isForm && { headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text;
}

/** What the server has answered as done: nothing else need be there after a kill, and all of this. */
interface Answered {
  /** Id → content. */
  files: Map<string, string>;
  deleted: Set<string>;
  placed: Set<string>;
  removed: Set<string>;
}

/** Uploads, places, removes and deletes, until the server is gone. */
async function work(url: string, store: string, round: number, answered: Answered): Promise<void> {
  const { files, deleted, placed, removed } = answered;
  try {
    for (let number = 0; ; number++) {
      const content = `# Note ${round}.${number}\n\n${'Words of the note, again and again. '.repeat(20 + (number % 7) * 40)}\n`;
      const form = formOf({ content, name: `note-${round}-${number}.md`, purpose: 'user_data' });
      const { id } = await ask(url, 'POST', '/files', form);
      files.set(id, content);
      await ask(url, 'POST', `/vector_stores/${store}/files`, { file_id: id });
      placed.add(id);
      const [oldest] = placed;
      if (number % 4 === 2 && oldest !== undefined) {
        // Until it is answered it may be there or not.
        placed.delete(oldest);
        await ask(url, 'DELETE', `/vector_stores/${store}/files/${oldest}`);
        removed.add(oldest);
      }
      const [first] = files.keys();
      if (number % 5 === 4 && first !== undefined) {
        files.delete(first);
        placed.delete(first);
        await ask(url, 'DELETE', `/files/${first}`);
        deleted.add(first);
      }
    }
  } catch (error) {
    if (error instanceof Error && /^(?:fetch failed|terminated)/.test(error.message)) return;
    throw error;
  }
}

async function listAll(url: string, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let after = ''; ; ) {
    const page = await ask(url, 'GET', `${path}?limit=100${after === '' ? '' : `&after=${after}`}`);
    ids.push(...page.data.map(({ id }: { id: string }) => id));
    if (!page.has_more) return ids;
    after = page.last_id;
  }
}

async function check(
  url: string,
  store: string,
  { files, deleted, placed, removed }: Answered,
): Promise<void> {
  const there = new Set(await listAll(url, '/files'));
  for (const id of files.keys()) expect(there.has(id), `${id} was answered as stored`).toBe(true);
  for (const id of deleted) expect(there.has(id), `${id} was answered as deleted`).toBe(false);
  const inStore = new Set(await listAll(url, `/vector_stores/${store}/files`));
  for (const id of placed) expect(inStore.has(id), `${id} was answered as placed`).toBe(true);
  for (const id of [...removed, ...deleted])
    expect(inStore.has(id), `${id} was answered as removed`).toBe(false);
  // No bytes of what is not there.
  expect(new Set(readdirSync(join(folder, 'files')))).toEqual(there);
}

test('kill -9 at any moment: what was answered as done is done, and indexing goes on', {
  timeout: 600_000,
}, async () => {
  const answered: Answered = { files: new Map(), deleted: new Set(), placed: new Set(), removed: new Set() };
  let url = await start();
  const { id: store } = await ask(url, 'POST', '/vector_stores', { name: 'Notes' });
  for (let round = 0; round < 6; round++) {
    const working = work(url, store, round, answered);
    await sleep(100 + Math.random() * 1500);
    await kill();
    await working;
    url = await start();
    await check(url, store, answered);
  }
  for (const [id, content] of answered.files)
    expect(await ask(url, 'GET', `/files/${id}/content`)).toBe(content);
  for (;;) {
    const { status } = await ask(url, 'GET', `/vector_stores/${store}`);
    if (status === 'completed') break;
    await sleep(100);
  }
  const inStore = new Set(await listAll(url, `/vector_stores/${store}/files`));
  const { file_counts } = await ask(url, 'GET', `/vector_stores/${store}`);
  expect(file_counts).toMatchObject({ completed: inStore.size, failed: 0, total: inStore.size });
  expect(inStore.size).toBeGreaterThan(5);
  const found = await ask(url, 'POST', `/vector_stores/${store}/search`, {
    query: 'a note',
    max_num_results: 50,
  });
  const foundIds = new Set(found.data.map((item: { file_id: string }) => item.file_id));
  expect(foundIds.size).toBeGreaterThan(0);
  for (const id of foundIds) expect(inStore.has(id as string)).toBe(true);
  for (const id of inStore) {
    const { data } = await ask(url, 'GET', `/vector_stores/${store}/files/${id}/content`);
    expect(data[0].text).toMatch(/^# Note \d+\.\d+\n/);
  }
});
