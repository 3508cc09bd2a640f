import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { readModernBertSettings } from './modernbert-settings.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tandem-modernbert-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** As transformers 4 writes it, and as the models on the Hub have it. */
const earlier = {
  model_type: 'modernbert',
  hidden_size: 768,
  num_hidden_layers: 5,
  num_attention_heads: 12,
  intermediate_size: 1152,
  vocab_size: 50368,
  hidden_activation: 'gelu',
  norm_eps: 1e-5,
  norm_bias: false,
  attention_bias: false,
  mlp_bias: false,
  global_attn_every_n_layers: 3,
  local_attention: 128,
  global_rope_theta: 160000.0,
  local_rope_theta: 10000.0,
  max_position_embeddings: 8192,
};
const read = async (config: object) => {
  await writeFile(path.join(directory, 'config.json'), JSON.stringify(config));
  return readModernBertSettings(directory);
};

test('a config of before transformers 5: every third layer sees all, the others 64 tokens to either side', async () => {
  const whole = { reach: undefined, theta: 160_000 };
  const near = { reach: 64, theta: 10_000 };
  expect(await read(earlier)).toMatchObject({
    layers: [whole, near, near, whole, near],
    maxTokens: 8192,
    pooling: 'mean',
    normalize: false,
  });
});

test.each([
  ['attention_bias', { attention_bias: true }],
  ['hidden_activation', { hidden_activation: 'silu' }],
  ['rope_type', { rope_parameters: { full_attention: { rope_type: 'yarn', rope_theta: 1 } } }],
  ['layer_types', { layer_types: ['full_attention', 'chunked', 'x', 'x', 'x'] }],
])('%s: what no published model has is refused by name', async (key, change) => {
  const failure = await read({ ...earlier, ...change }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UnsupportedModelError);
  expect((failure as Error).message).toContain(key);
});

test('types for another number of layers', async () => {
  await expect(read({ ...earlier, layer_types: ['full_attention'] })).rejects.toThrow(
    /has 5 layers and gives the types of 1/,
  );
});
