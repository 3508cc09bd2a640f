import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-config-'));
});
afterEach(() => rm(directory, { recursive: true }));

test.each([
  ["{ name: 'x', retreive: {} }", 'has the key `retreive`, which Tandem does not know.'],
  // A key that is misspelt is missing as well; what was written is what is named.
  [
    "{ name: 'x', sources: [{ type: 'files', pth: 'a' }] }",
    'has the key `sources.0.pth`, which Tandem does not know.',
  ],
  ["{ name: 'x', sources: [{ type: 'files' }] }", '`sources.0.path` is wrong: it is missing (a string).'],
  [
    "{ name: 'x', sources: [{ type: 'files', path: 3 }] }",
    '`sources.0.path` is wrong: it must be a string, not a number.',
  ],
  ["{ name: 'x', sources: ['docs'] }", '`sources.0` is wrong: it must be an object, not a string.'],
  [
    "{ name: 'x', sources: [{ type: 'folder', path: 'a' }] }",
    "`sources.0.type` is wrong: it must be one of 'files', 'web', 'sql', 'mongodb', 'json', 'langchain', 'custom'.",
  ],
  [
    "{ name: 'x', sources: [{ type: 'web', url: 'example.org' }] }",
    '`sources.0.url` is wrong: write a whole address, http:// or https://.',
  ],
  [
    "{ name: 'x', sources: [{ type: 'web', url: 'https://example.org', headers: { a: { envv: 'A' } } }] }",
    '`sources.0.headers.a.env` is wrong: it is missing (a string).',
  ],
  [
    "{ name: 'x', sources: [{ type: 'sql', url: 'sqlite:a.db', key: 7, table: 't' }] }",
    '`sources.0.key` is wrong: it must be a string or an array.',
  ],
  ["{ name: 'x', store: { kind: 'redis' } }", "`store.kind` is wrong: it must be one of 'lancedb', "],
  ["{ name: 'x', network: 'closed' }", "`network` is wrong: it must be one of 'local', 'open'."],
  [
    "{ name: 'x', tune: { memory: 'much' } }",
    '`tune.memory` is wrong: must be a size such as 1.5GB or 800MB.',
  ],
  ["{ name: 'x', chunk: { maxTokens: 5 } }", '`chunk.maxTokens` is wrong: it must be at least 16.'],
  [
    "{ name: 'x', models: { embedder: 'minilm' } }",
    '`models.embedder` is wrong: write it as provider:model, such as local:NAME',
  ],
  [
    "{ name: 'x', models: { chat: { provider: 'acme', modelId: 'vectors', doEmbed() {} } } }",
    '`models.chat` is wrong: it must be a string or a language model of the AI SDK, not an embedding model (acme:vectors).',
  ],
  [
    "{ name: 'x', models: { embedder: { provider: 'acme', modelId: 'chat', doGenerate() {} } } }",
    '`models.embedder` is wrong: it must be a string or an embedding model of the AI SDK, not a language model (acme:chat).',
  ],
  [
    "{ name: 'x', retrieve: { reranker: 7 } }",
    '`retrieve.reranker` is wrong: it must be a string or a reranking model of the AI SDK, not a number.',
  ],
  ["['x']", 'the config'],
])('%s', async (config, sentence) => {
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${config};`);
  const { message } = await loadConfig(directory).then(
    () => expect.fail('was accepted'),
    (error: Error) => error,
  );
  expect(message).toContain(sentence);
  expect(message).toContain(directory);
});

test.each([
  ["{ name: 'x', chunk: { maxTokns: 50 } }", 'Did you mean `chunk.maxTokens`?'],
  ["{ name: 'x', source: [] }", 'Did you mean `sources`?'],
  ["{ name: 'x', retrieve: { maxToken: 500 } }", 'Did you mean `retrieve.maxTokens`?'],
  ["{ name: 'x', embeder: 'local:x' }", 'Did you mean `models.embedder`?'],
  [
    "{ name: 'x', sources: [{ type: 'files', path: 'a', inclde: ['b'] }] }",
    'Did you mean `sources.include`?',
  ],
  ["{ name: 'x', colour: 'red' }", 'Remove it or fix its spelling.'],
])('the key that is nearest: %s', async (config, hint) => {
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${config};`);
  await expect(loadConfig(directory)).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
});
