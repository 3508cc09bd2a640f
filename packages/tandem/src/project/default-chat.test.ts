import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { makeLetterProject } from './letter-project.fixture.ts';
import { openProject } from './open-project.ts';

const adapter = (baseModel: string, createdAt: string, more: Partial<Adapter> = {}) =>
  ({
    id: `adapter_${createdAt}`,
    createdAt,
    directory: 'adapters/a',
    lineage: { baseModel },
    metrics: {},
    ...more,
  }) as unknown as Adapter;

/** What the chat model of a project is called that has these adapters. */
async function chatOf(adapters: Adapter[], config: Record<string, unknown> = {}): Promise<string> {
  await using letters = await makeLetterProject(config);
  if (adapters.length > 0) {
    await using catalog = await openCatalog(join(letters.directory, '.tandem', 'catalog.sqlite'));
    for (const each of adapters) await catalog.adapters.put(each);
  }
  await using project = await openProject({ directory: letters.directory });
  return project.models.names.chat;
}

test('a project that names no chat model and has no adapter takes the default', async () => {
  expect(await chatOf([])).toBe('local:qwen2.5-coder-0.5b');
});

test('one that was trained keeps the model that its latest adapter was trained on', async () => {
  const trained = [
    adapter('smollm2-360m-instruct', '2026-01-01'),
    adapter('smollm2-135m-instruct', '2026-02-02'),
    adapter('gpt', '2026-03-03', { hosted: { provider: 'p', model: 'm', jobId: 'j' } }),
  ];
  expect(await chatOf(trained)).toBe('local:smollm2-135m-instruct');
});

test('an adapter over a file of one’s own does not say where that is', async () => {
  expect(await chatOf([adapter('My Model', '2026-02-02')])).toBe('local:qwen2.5-coder-0.5b');
});

test('what the config names is what is used', async () => {
  const models = { chat: 'local:smollm2-360m-instruct', embedder: 'local:./model' };
  expect(await chatOf([adapter('smollm2-135m-instruct', '2026-02-02')], { models })).toBe(
    'local:smollm2-360m-instruct',
  );
});
