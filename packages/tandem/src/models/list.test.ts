import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listModels } from './list.ts';
import { knownModels, parseModelReference } from './registry.ts';

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'tandem-list-'));
});
afterAll(() => rm(empty, { recursive: true }));

const byName = async (options: Parameters<typeof listModels>[0]) =>
  new Map((await listModels(options)).map((model) => [model.name, model]));

it('says what fits, and what can be trained, by memory', async () => {
  const small = await byName({ cacheDirectory: empty, totalMemory: 4e9 });
  const large = await byName({ cacheDirectory: empty, totalMemory: 64e9 });
  expect([...large.values()].every(({ fits }) => fits)).toBe(true);
  expect(small.get('smollm2-135m-instruct')).toMatchObject({
    fits: true,
    trainable: true,
    licence: 'Apache-2.0',
  });
  expect(small.get('qwen2.5-7b-instruct')?.fits).toBe(false);
  expect(small.get('qwen2.5-1.5b-instruct')?.trainable).toMatch(
    /about 4 GB of memory, more than this machine can spare/,
  );
  expect(large.get('smollm2-360m-instruct')?.trainable).toBe(true);
  expect(large.get('qwen2.5-1.5b-instruct')?.trainable).toBe(true);
  expect(large.get('qwen2.5-7b-instruct')?.trainable).toBe(true);
});

it('has sizes and hashes that can be told apart from guesses', () => {
  for (const model of knownModels) {
    expect(model.files.length).toBeGreaterThan(0);
    expect(model.memory).toBeGreaterThan(model.files[0]?.size ?? 0);
    // A package is only a source for files whose hashes are pinned: nothing else would check them.
    if (model.package)
      expect(model.files.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? ''))).toBe(true);
  }
  for (const { parts, files } of knownModels) {
    if (parts === undefined) continue;
    expect(parts.reduce((sum, { size }) => sum + size, 0)).toBe(files[0]!.size);
    expect(files.length).toBe(1);
    expect(new Set(parts.map(({ sha256 }) => sha256)).size).toBe(parts.length);
    for (const { sha256 } of [...parts, ...files]) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(new Set(knownModels.map(({ name }) => name)).size).toBe(knownModels.length);
});

it('says which languages an embedder reads, and which models were never tried here', async () => {
  const models = await byName({ cacheDirectory: empty, totalMemory: 16e9 });
  expect(models.get('all-minilm-l6-v2')).toMatchObject({ languages: ['en'], tried: true });
  const multilingual = [...models.values()].filter(({ languages }) => languages === 'many');
  expect(multilingual.length).toBeGreaterThan(0);
  expect(models.get('smollm2-135m-instruct')?.tried).toBe(true);
  for (const model of multilingual) expect(model).toMatchObject({ kind: 'embedder', tried: false });
});

it('reads references', () => {
  expect(parseModelReference('local:smollm2-135m-instruct')).toMatchObject({ type: 'files', kind: 'chat' });
  expect(parseModelReference('local:./a/b.gguf', '/home')).toEqual({
    type: 'path',
    path: join('/home', 'a', 'b.gguf'),
  });
  expect(parseModelReference('hf:owner/repo@v1.2/sub/file.Q4_K_M.gguf')).toMatchObject({
    kind: 'chat',
    hub: { repository: 'owner/repo', revision: 'v1.2' },
    files: [{ name: 'sub/file.Q4_K_M.gguf' }],
  });
  expect(parseModelReference('hf:owner/repo')).toMatchObject({ kind: 'embedder', hub: { revision: 'main' } });
});
