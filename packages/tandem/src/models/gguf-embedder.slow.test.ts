import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosineSimilarity, embed, embedMany } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { writeBertGguf } from './bert-gguf.fixture.ts';
import { fetchModel } from './fetch/fetch-model.ts';
import { HubServer } from './fetch/hub-server.fixture.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from './local-embedder.ts';
import { localToolsOf } from './local-tools.ts';
import { openModels } from './providers.ts';

const sentences = [
  'Everybody has 30 days of leave.',
  'How long may I be away, and who decides?',
  'The pump (type 6.8.7) stops at 2,400 rpm; see chapter "Faults".',
  'Überraschung: façade, naïve, ½ price – 100 % off!',
  'unbelievable antidisestablishmentarianism',
  '今日は いい天気です。',
  'a',
  'The quick brown fox jumps over the lazy dog. '.repeat(20),
];

let folder: string;
let original: LocalEmbedderModel;
let minilm: string;
let f32: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-gguf-embedder-'));
  minilm = (await fetchModel('local:all-minilm-l6-v2')).path;
  f32 = join(folder, 'MiniLM.F32.gguf');
  await writeBertGguf(minilm, f32, { type: 'F32', name: 'all-MiniLM-L6-v2' });
  original = await openLocalEmbedder({ path: minilm, threads: 1 });
});
afterAll(async () => {
  await original[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const open = (options: Partial<Parameters<typeof openLocalEmbedder>[0]> = {}) =>
  openLocalEmbedder({ path: f32, threads: 1, ...options });

it.each(['F32', 'F16'] as const)('MiniLM as GGUF (%s) has the vectors of the original', async (type) => {
  const path = join(folder, `MiniLM.${type}.gguf`);
  if (type === 'F16') await writeBertGguf(minilm, path, { type, name: 'all-MiniLM-L6-v2' });
  await using model = await open({ path });
  const own = await embedMany({ model, values: sentences });
  const theirs = await embedMany({ model: original, values: sentences });
  const cosines = own.embeddings.map((vector, index) => cosineSimilarity(vector, theirs.embeddings[index]!));
  expect(Math.min(...cosines)).toBeGreaterThan(type === 'F32' ? 0.99999 : 0.999);
  for (const vector of own.embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  const tools = localToolsOf(original)!;
  for (const text of sentences) expect(localToolsOf(model)!.countTokens(text)).toBe(tools.countTokens(text));
});

it('tells its limits and its weights', async () => {
  await using model = await open();
  const tools = localToolsOf(model)!;
  expect(tools).toMatchObject({
    contextLength: 512,
    maxDocumentTokens: 510,
    dimensions: 384,
    path: f32,
    prefixes: { query: '', document: '' },
  });
  expect(tools.baseHash).toMatch(/^[0-9a-f]{64}$/);
  expect(tools.countUnknown('leave')).toBe(0);
  expect(tools.countUnknown('leave ᠮᠣᠩᠭᠣᠯ')).toBe(1);
});

it('reads to the last token of its context and refuses more', async () => {
  await using model = await open();
  const whole = 'word '.repeat(510);
  expect(localToolsOf(model)!.countTokens(whole)).toBe(510);
  expect((await embed({ model, value: whole })).embedding.length).toBe(384);
  const failure = await model.doEmbed({ values: ['short', `${whole} word`] }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(ContextOverflowError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toContain('has 513 tokens');
});

it('pools as the file says, or as a setting says, which makes it another embedder', async () => {
  const cls = join(folder, 'cls.gguf');
  await writeBertGguf(minilm, cls, {
    type: 'F32',
    name: 'x',
    extra: { 'bert.pooling_type': { type: 'UINT32', value: 2 } },
  });
  const value = 'Everybody has 30 days of leave.';
  await using byFile = await open({ path: cls });
  await using bySetting = await open({ pooling: 'cls' });
  await using byLast = await open({ pooling: 'last' });
  await using plain = await open();
  const [file, setting, last, mean] = await Promise.all(
    [byFile, bySetting, byLast, plain].map(async (model) => (await embed({ model, value })).embedding),
  );
  expect(cosineSimilarity(file!, setting!)).toBeGreaterThan(0.99999);
  expect(cosineSimilarity(setting!, mean!)).toBeLessThan(0.95);
  expect(cosineSimilarity(last!, setting!)).toBeLessThan(0.99);
  // What an index is told of it, so that it does not take the vectors of one for those of the other.
  expect([bySetting, byLast, plain, byFile].map((model) => localToolsOf(model)!.pooling)).toEqual([
    'cls',
    'last',
    undefined,
    undefined,
  ]);
});

it('pools an encoder whose file says nothing by the mean; refuses rerankers and chat models', async () => {
  const silent = join(folder, 'silent.gguf');
  await writeBertGguf(minilm, silent, {
    type: 'F32',
    name: 'x',
    extra: { 'bert.pooling_type': { type: 'UINT32', value: 0 } },
  });
  await using model = await open({ path: silent });
  const value = 'Everybody has 30 days of leave.';
  const { embedding } = await embed({ model, value });
  expect(cosineSimilarity(embedding, (await embed({ model: original, value })).embedding)).toBeGreaterThan(
    0.99999,
  );

  const rank = join(folder, 'rank.gguf');
  await writeBertGguf(minilm, rank, {
    type: 'F32',
    name: 'x',
    extra: { 'bert.pooling_type': { type: 'UINT32', value: 4 } },
  });
  await expect(open({ path: rank })).rejects.toThrow(/is a reranker/);
  const chat = await fetchModel('local:smollm2-135m-instruct');
  await expect(open({ path: chat.path })).rejects.toThrow(/probably a chat model/);
});

it('embeds with a decoder, pooled by the last token, where a setting says so', async () => {
  const chat = await fetchModel('local:smollm2-135m-instruct');
  await using model = await open({ path: chat.path, pooling: 'last' });
  const { embeddings } = await embedMany({ model, values: ['one two three', 'four', 'one two three'] });
  expect(embeddings[0]).toEqual(embeddings[2]);
  expect(Math.hypot(...embeddings[0]!)).toBeCloseTo(1, 5);
  expect(localToolsOf(model)).toMatchObject({ dimensions: 576, contextLength: 8192 });
});

it('puts the prefixes of a known model before texts, or those of a setting, and counts them', async () => {
  const e5 = join(folder, 'e5.gguf');
  await writeBertGguf(minilm, e5, { type: 'F32', name: 'Multilingual E5 Small' });
  await using model = await open({ path: e5 });
  await using own = await open({ prefixes: { query: 'question: ' } });
  const role = (name: 'query' | 'document') => ({ providerOptions: { tandem: { role: name } } });
  const plain = await open();
  await using _plain = plain;
  const as = async (prefixed: string) => (await embed({ model: plain, value: prefixed })).embedding;
  expect((await embed({ model, value: 'leave', ...role('query') })).embedding).toEqual(
    await as('query: leave'),
  );
  expect((await embed({ model, value: 'leave', ...role('document') })).embedding).toEqual(
    await as('passage: leave'),
  );
  expect((await embed({ model, value: 'leave' })).embedding).toEqual(await as('leave'));
  expect((await embed({ model: own, value: 'leave', ...role('query') })).embedding).toEqual(
    await as('question: leave'),
  );
  expect(localToolsOf(model)).toMatchObject({ maxDocumentTokens: 508, maxQueryTokens: 508 });
  expect(localToolsOf(own)!.prefixes).toEqual({ query: 'question: ', document: '' });
});

it('a vector does not depend on what is embedded before or beside it', async () => {
  await using model = await open();
  const alone = (await embed({ model, value: sentences[0]! })).embedding;
  const [first, second] = await Promise.all([
    embedMany({ model, values: [sentences[7]!, sentences[0]!] }),
    embedMany({ model, values: [sentences[0]!] }),
  ]);
  expect(first.embeddings[1]).toEqual(alone);
  expect(second.embeddings[0]).toEqual(alone);
});

it('is loaded once for all, until the last is disposed, and stops when told to', async () => {
  await using first = await open();
  const second = await open();
  await second[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  expect((await embed({ model: first, value: 'still here' })).embedding.length).toBe(384);
  await expect(second.doEmbed({ values: ['gone'] })).rejects.toThrow(/was disposed/);
  const controller = new AbortController();
  const many = first.doEmbed({
    values: Array.from({ length: 2000 }, () => sentences[7]!),
    abortSignal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(many).rejects.toThrow('enough');
  await expect(open({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
});

it('comes from the Hub like any model, and from the cache the next time', async () => {
  await using hub = await HubServer.start();
  hub.files.set('/owner/repo/resolve/main/MiniLM.F32.gguf', { content: await readFile(f32), large: true });
  const before = process.env.HF_ENDPOINT;
  process.env.HF_ENDPOINT = hub.endpoint;
  try {
    const reference = 'hf:owner/repo/MiniLM.F32.gguf';
    const cacheDirectory = join(folder, 'cache');
    const embedders: { embedding: number[]; modelId: string }[] = [];
    for (let round = 0; round < 2; round++) {
      await using models = await openModels(
        { embedder: reference, embedderOptions: { languages: ['en'] } },
        { cacheDirectory, threads: 1 },
      );
      const model = await models.embedder();
      expect(localToolsOf(model)?.languages).toEqual(['en']);
      embedders.push({ ...(await embed({ model, value: sentences[0]! })), modelId: model.modelId });
    }
    expect(hub.downloads()).toBe(1);
    expect(embedders[0]!.modelId).toBe('owner/repo/MiniLM.F32.gguf');
    expect(embedders[1]!.embedding).toEqual(embedders[0]!.embedding);
  } finally {
    if (before === undefined) delete process.env.HF_ENDPOINT;
    else process.env.HF_ENDPOINT = before;
  }
});
