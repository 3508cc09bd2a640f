import { cp, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosineSimilarity, embed, embedMany } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from './local-embedder.ts';
import { localToolsOf } from './local-tools.ts';

let path: string;
let folder: string;
let model: LocalEmbedderModel;
beforeAll(async () => {
  ({ path } = await fetchModel('local:all-minilm-l6-v2'));
  model = await openLocalEmbedder({ path, threads: 1 });
  folder = await mkdtemp(join(tmpdir(), 'tandem-embedder-'));
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true });
});

it('embeds through the AI SDK, near texts near', async () => {
  const { embeddings, usage } = await embedMany({
    model,
    values: ['What is diabetes?', 'Diabetes raises the sugar in the blood.', 'The car is red.'],
  });
  const [question, near, far] = embeddings as [number[], number[], number[]];
  expect(question.length).toBe(384);
  expect(Math.hypot(...question)).toBeCloseTo(1, 5);
  expect(cosineSimilarity(question, near)).toBeGreaterThan(cosineSimilarity(question, far) + 0.3);
  expect(usage.tokens).toBeGreaterThan(10);
});

it('tells its limits and its weights', () => {
  const tools = localToolsOf(model);
  expect(tools).toMatchObject({
    contextLength: 256,
    dimensions: 384,
    path,
    baseHash: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
  });
  expect(tools?.countTokens('unbelievable')).toBe(1);
  expect(tools?.countTokens('sickle cell disease')).toBe(4);
});

it('refuses a text that it would have to cut', async () => {
  const tools = localToolsOf(model);
  const longest = 'word '.repeat(254);
  expect(tools?.countTokens(longest)).toBe(254);
  expect((await embed({ model, value: longest })).embedding.length).toBe(384);
  const failure = await model.doEmbed({ values: ['short', `${longest} word`] }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(ContextOverflowError.isInstance(failure)).toBe(true);
  expect((failure as Error).message).toBe(
    "The text to embed has 257 tokens and does not fit the model's context of 256.",
  );
});

it('puts the prompt that the model names for a role before the text', async () => {
  const prefixed = join(folder, 'prefixed');
  await cp(path, prefixed, { recursive: true });
  await writeFile(
    join(prefixed, 'config_sentence_transformers.json'),
    JSON.stringify({ prompts: { query: 'query: ', passage: 'passage: ' } }),
  );
  await using other = await openLocalEmbedder({ path: prefixed, threads: 1 });
  const role = (name: 'query' | 'document') => ({ providerOptions: { tandem: { role: name } } });
  const plain = await embedMany({ model, values: ['query: asthma', 'passage: asthma', 'asthma'] });
  expect((await embed({ model: other, value: 'asthma', ...role('query') })).embedding).toEqual(
    plain.embeddings[0],
  );
  expect((await embed({ model: other, value: 'asthma', ...role('document') })).embedding).toEqual(
    plain.embeddings[1],
  );
  expect((await embed({ model: other, value: 'asthma' })).embedding).toEqual(plain.embeddings[2]);
  // MiniLM names none: a role changes nothing.
  expect((await embed({ model, value: 'asthma', ...role('query') })).embedding).toEqual(plain.embeddings[2]);
});

it('is loaded once for all, until the last is disposed', async () => {
  const second = await openLocalEmbedder({ path, threads: 1 });
  await second[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  expect((await embed({ model, value: 'still here' })).embedding.length).toBe(384);
  await expect(second.doEmbed({ values: ['gone'] })).rejects.toThrow(/was disposed/);
});

it('stops when told to', async () => {
  const abort = AbortSignal.abort(new Error('enough'));
  await expect(model.doEmbed({ values: ['a'], abortSignal: abort })).rejects.toThrow('enough');
});

it('names options it does not know and files it cannot read', async () => {
  await expect(
    model.doEmbed({ values: ['a'], providerOptions: { tandem: { role: 'title' } } }),
  ).rejects.toThrow(/role/);
  const broken = join(folder, 'broken');
  await cp(path, broken, { recursive: true });
  await truncate(join(broken, 'model.safetensors'), 1000);
  await expect(openLocalEmbedder({ path: broken, threads: 1 })).rejects.toThrow(/model\.safetensors/);
});
