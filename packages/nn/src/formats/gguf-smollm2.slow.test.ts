import { expect, test } from 'vitest';
import { smolLm2Path } from '../models/cached-models.fixture.ts';
import { openGguf } from './gguf.ts';

test('SmolLM2: what it is, and the shape of its tensors', async () => {
  await using gguf = await openGguf(smolLm2Path());
  expect(gguf.metadata.get('general.architecture')).toBe('llama');
  expect(gguf.metadata.get('llama.block_count')).toBe(30);
  expect((gguf.metadata.get('tokenizer.ggml.tokens') as string[])[1]).toBe('<|im_start|>');
  expect(gguf.tensors.length).toBe(272);
  expect(gguf.tensor('blk.0.attn_k.weight')).toMatchObject({ shape: [192, 576], type: 'Q4_1' });
  expect((await gguf.read('blk.0.attn_k.weight')).length).toBe(192 * 576);
});
