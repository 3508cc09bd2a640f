import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decoderLayerSizes,
  exportGgufLora,
  type GgmlType,
  type GgufTensorInput,
  type GgufValue,
  importPeft,
  loraTargets,
  openGguf,
  writeGguf,
} from '@tandem/nn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalChat } from '../models/local-chat.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { createRandom } from '../statistics/random.ts';
import { localLogits } from './local-trainer.ts';

/** Is what llama.cpp serves what the trainer trained? For a tiny random model of every family and every type of tensor. */

const references = join(import.meta.dirname, '../../../nn/references/decoders');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-decoders-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Longer than the windows of the models that have one. */
const tokens = Array.from({ length: 24 }, (_, index) => 3 + ((index * 17 + index * index) % 45));
const positions = tokens.map((_, index) => index);

/**
 * Float32 sums in another order leave 1e-6. llama.cpp looks GELU up in a table of half-precision numbers
 * (ggml/src/ggml-cpu/vec.h); rounding it so in PyTorch moves the tiny Gemma's logits by 1.8e-3.
 */
const tolerances = {
  smollm2: 1e-5,
  llama3: 1e-5,
  'llama-biases': 1e-5,
  mistral: 1e-5,
  smollm3: 1e-5,
  qwen2: 1e-5,
  qwen3: 1e-5,
  gemma3: 4e-3,
};

describe.each(Object.entries(tolerances))('a tiny %s', (family, tolerance) => {
  const model = join(references, family, 'model.gguf');
  const peft = join(references, family, 'adapter');

  test('without an adapter: the same logits as llama.cpp', async () => {
    expect(await distanceFromLlamaCpp(model)).toBeLessThan(tolerance);
  });

  test('with one, exported to both formats: the same', async () => {
    const gguf = join(directory, `${family}.gguf`);
    await exportGgufLora(await importPeft(peft), gguf, { base: model });
    expect(await distanceFromLlamaCpp(model, { peft, gguf })).toBeLessThan(tolerance);
    // What a wrong adapter looks like.
    expect(await distanceFromLlamaCpp(model, { peft })).toBeGreaterThan(0.05);
  });
});

/** One layer of width 256 with another type in each matrix. llama.cpp rounds activations to 8 bits beside quantised weights,
 * which makes two percent; a block read wrongly would change the whole matrix. */
test('every type of tensor is read as llama.cpp reads it', async () => {
  const model = join(directory, 'types.gguf');
  await writeModelOfAllTypes(model);
  const distance = await distanceFromLlamaCpp(model);
  expect(distance).toBeLessThan(4e-2);
});

async function distanceFromLlamaCpp(
  model: string,
  adapter: { peft?: string; gguf?: string } = {},
): Promise<number> {
  const ours = (await (await localLogits(model, adapter.peft))([{ tokens, positions }]))[0]!;
  await using chat = await openLocalChat({ path: model, keyValueType: 'F32', contextLength: 64 });
  const theirs = await localToolsOf(chat)!.evaluateLogits(tokens, {
    positions,
    ...(adapter.gguf && { adapter: { path: adapter.gguf } }),
  });
  return Math.max(...theirs.map((logits, row) => relativeDistance(logits, ours[row]!)));
}

/** ‖a − b‖ / ‖b‖, both without their mean: a constant added to all logits changes no probability. */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [distance, norm] = [0, 0];
  for (let index = 0; index < a.length; index++) {
    distance += (a[index]! - meanA - (b[index]! - meanB)) ** 2;
    norm += (b[index]! - meanB) ** 2;
  }
  return Math.sqrt(distance / norm);
}

const everyType: readonly [name: string, type: GgmlType][] = [
  ['token_embd', 'F32'],
  ['output', 'Q8_0'],
  ['attn_q', 'F16'],
  ['attn_k', 'BF16'],
  ['attn_v', 'Q8_0'],
  ['attn_output', 'Q4_0'],
  ['ffn_gate', 'Q4_1'],
  ['ffn_up', 'Q4_K'],
  ['ffn_down', 'Q6_K'],
];

/** Random blocks with scales that make the weights about 0.05 large: any bytes are a valid block. */
async function writeModelOfAllTypes(file: string): Promise<void> {
  await using like = await openGguf(join(references, 'smollm2', 'model.gguf'));
  const width = 256;
  const count = (value: number): GgufValue => ({ type: 'UINT32', value });
  const entries = new Map(like.entries);
  for (const [key, value] of [
    ['block_count', 1],
    ['embedding_length', width],
    ['feed_forward_length', width],
    ['attention.head_count', 4],
    ['attention.head_count_kv', 2],
    ['attention.key_length', 64],
    ['attention.value_length', 64],
    ['rope.dimension_count', 64],
  ] as const) {
    entries.set(`llama.${key}`, count(value));
  }
  entries.delete('general.file_type');

  const random = createRandom(3);
  const vocabulary = like.tensor('token_embd.weight').shape[0]!;
  const sizes = decoderLayerSizes({
    width,
    feedForwardWidth: width,
    heads: 4,
    keyValueHeads: 2,
    headWidth: 64,
  });
  const rowsOf = new Map(loraTargets.map((target) => [ggufNames[target], sizes[target].out]));
  const tensors = everyType.map(([name, type]): GgufTensorInput => {
    const inBlock = rowsOf.has(name);
    const rows = rowsOf.get(name) ?? vocabulary;
    return {
      name: `${inBlock ? `blk.0.${name}` : name}.weight`,
      shape: [rows, width],
      type,
      data: randomBlocks(type, rows * width, random),
    };
  });
  const ones = new Float32Array(width).fill(1);
  for (const name of ['output_norm', 'blk.0.attn_norm', 'blk.0.ffn_norm']) {
    tensors.push({ name: `${name}.weight`, shape: [width], type: 'F32', data: ones });
  }
  await writeGguf(file, { entries, tensors });
}

const ggufNames = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
};

/** Half-precision numbers in a block: at which byte, and how large. */
const scales: Partial<Record<GgmlType, { elements: number; bytes: number; at: Record<number, number> }>> = {
  Q8_0: { elements: 32, bytes: 34, at: { 0: 7e-4 } },
  Q4_0: { elements: 32, bytes: 18, at: { 0: 0.011 } },
  Q4_1: { elements: 32, bytes: 20, at: { 0: 0.011, 2: -0.08 } },
  Q4_K: { elements: 256, bytes: 144, at: { 0: 3.4e-4, 2: 2.6e-3 } },
  Q6_K: { elements: 256, bytes: 210, at: { 208: 4e-5 } },
};

function randomBlocks(type: GgmlType, elements: number, random: { next(): number }): Uint8Array {
  const blocks = scales[type];
  if (!blocks) {
    const values = Float32Array.from({ length: elements }, () => (random.next() - 0.5) * 0.17);
    if (type === 'F32') return new Uint8Array(values.buffer);
    if (type === 'F16') return new Uint8Array(new Float16Array(values).buffer);
    return new Uint8Array(Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16).buffer);
  }
  const count = elements / blocks.elements;
  const bytes = Uint8Array.from({ length: count * blocks.bytes }, () => random.next() * 256);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < count; block++) {
    for (const [at, scale] of Object.entries(blocks.at)) {
      view.setFloat16(block * blocks.bytes + Number(at), scale * (0.5 + random.next()), true);
    }
  }
  return bytes;
}
