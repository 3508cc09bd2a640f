import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { listModels } from './list.ts';

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'tandem-list-'));
});
afterAll(() => rm(empty, { recursive: true }));

const byName = async (options: Parameters<typeof listModels>[0]) =>
  new Map((await listModels(options)).map((model) => [model.name, model]));

it('says what is in the cache', async () => {
  await fetchModel('local:all-minilm-l6-v2');
  expect((await byName({})).get('all-minilm-l6-v2')?.cached).toBe(true);
  expect((await byName({})).get('qwen2.5-7b-instruct')?.cached).toBe(false);
  expect((await byName({ cacheDirectory: empty })).get('all-minilm-l6-v2')?.cached).toBe(false);
});
