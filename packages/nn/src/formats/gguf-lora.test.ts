import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import type { LoraAdapter } from '../train/lora-adapter.ts';
import { openGguf } from './gguf.ts';
import { exportGgufLora } from './gguf-lora.ts';
import type { GgufValue } from './gguf-types.ts';
import { writeGguf } from './gguf-writer.ts';

let folder: string;
let base: string;
let file: string;

const text = (value: string): GgufValue => ({ type: 'STRING', value });
const count = (value: number): GgufValue => ({ type: 'UINT32', value });
const zeros = (name: string, out: number, into: number) =>
  ({ name, shape: [out, into], type: 'F32', data: new Float32Array(out * into) }) as const;

/** One layer, width 8, two heads of width 4, one of keys. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gguf-lora-'));
  base = path.join(folder, 'base.gguf');
  file = path.join(folder, 'adapter.gguf');
  await writeGguf(base, {
    entries: [
      ['general.architecture', text('llama')],
      ['llama.embedding_length', count(8)],
      ['llama.attention.head_count', count(2)],
    ],
    tensors: [
      zeros('blk.0.attn_q.weight', 8, 8),
      zeros('blk.0.attn_k.weight', 4, 8),
      zeros('blk.0.attn_v.weight', 4, 8),
      zeros('blk.0.ffn_down.weight', 8, 6),
    ],
  });
});
afterAll(() => rm(folder, { recursive: true }));

/** Rank 2; the rows of B are [row, row + 0.5]. */
const pair = (out: number, into: number) => ({
  a: Float32Array.from({ length: 2 * into }, (_, i) => i),
  b: Float32Array.from({ length: out * 2 }, (_, i) => i / 2),
});
const adapter = (tensors: [string, { a: Float32Array; b: Float32Array }][]): LoraAdapter => ({
  rank: 2,
  alpha: 5,
  targetModules: ['q_proj', 'k_proj', 'v_proj', 'down_proj'],
  tensors: new Map(tensors),
});

test('names, shapes and metadata are those that llama.cpp looks for; rows of q and k are interleaved', async () => {
  await exportGgufLora(
    adapter([
      ['model.layers.0.self_attn.q_proj', pair(8, 8)],
      ['model.layers.0.self_attn.k_proj', pair(4, 8)],
      ['model.layers.0.self_attn.v_proj', pair(4, 8)],
      ['model.layers.0.mlp.down_proj', pair(8, 6)],
    ]),
    file,
    { base, metadata: { 'general.name': 'test' } },
  );
  await using gguf = await openGguf(file);
  expect(Object.fromEntries(gguf.entries)).toEqual({
    'general.type': text('adapter'),
    'general.architecture': text('llama'),
    'adapter.type': text('lora'),
    'adapter.lora.alpha': { type: 'FLOAT32', value: 5 },
    'general.name': text('test'),
  });
  expect(gguf.tensors.map(({ name, shape, type }) => [name, shape, type])).toEqual([
    ['blk.0.attn_q.weight.lora_a', [2, 8], 'F32'],
    ['blk.0.attn_q.weight.lora_b', [8, 2], 'F32'],
    ['blk.0.attn_k.weight.lora_a', [2, 8], 'F32'],
    ['blk.0.attn_k.weight.lora_b', [4, 2], 'F32'],
    ['blk.0.attn_v.weight.lora_a', [2, 8], 'F32'],
    ['blk.0.attn_v.weight.lora_b', [4, 2], 'F32'],
    ['blk.0.ffn_down.weight.lora_a', [2, 6], 'F32'],
    ['blk.0.ffn_down.weight.lora_b', [8, 2], 'F32'],
  ]);
  const firstColumn = async (name: string) => [...(await gguf.read(name))].filter((_, i) => i % 2 === 0);
  // llama.cpp's permute: reshape(heads, 2, half).swapaxes(1, 2). Halves of a head of four are rows 0, 1 and 2, 3.
  expect(await firstColumn('blk.0.attn_q.weight.lora_b')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  expect(await firstColumn('blk.0.attn_k.weight.lora_b')).toEqual([0, 2, 1, 3]);
  expect(await firstColumn('blk.0.attn_v.weight.lora_b')).toEqual([0, 1, 2, 3]);
  expect(await gguf.read('blk.0.attn_q.weight.lora_a')).toEqual(pair(8, 8).a);
});

test('an adapter of another model is refused before anything is written', async () => {
  await rm(file, { force: true });
  const larger = adapter([['model.layers.0.self_attn.q_proj', pair(16, 16)]]);
  await expect(exportGgufLora(larger, file, { base })).rejects.toThrow(
    /is \[16, 16\], and .*base\.gguf has \[8, 8\]/,
  );
  const deeper = adapter([['model.layers.7.self_attn.q_proj', pair(8, 8)]]);
  await expect(exportGgufLora(deeper, file, { base })).rejects.toThrow(/no tensor "blk\.7\.attn_q\.weight"/);
  const head = adapter([['lm_head', pair(8, 8)]]);
  await expect(exportGgufLora(head, file, { base })).rejects.toSatisfy(UnsupportedModelError.isInstance);
  await expect(openGguf(file)).rejects.toThrow(/There is no file/);

  const qwen = path.join(folder, 'qwen.gguf');
  await writeGguf(qwen, { entries: [['general.architecture', text('qwen2')]], tensors: [] });
  await expect(exportGgufLora(larger, file, { base: qwen })).rejects.toThrow(/architecture is "qwen2"/);
});
