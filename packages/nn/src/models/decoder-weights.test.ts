import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { openGguf } from '../formats/gguf.ts';
import type { GgufValue } from '../formats/gguf-types.ts';
import { type GgufTensorInput, writeGguf } from '../formats/gguf-writer.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import { trainLora } from '../train/train-lora.ts';
import { decoderFiles, loadDecoder, readDecoderConfig } from './decoder-weights.ts';

const references = path.join(import.meta.dirname, '../../references/decoders');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'decoder-weights-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A copy of a reference folder with another config.json. */
async function folderWith(family: string, change: Record<string, unknown>): Promise<string> {
  const copy = path.join(directory, family);
  await cp(path.join(references, family), copy, { recursive: true });
  const file = path.join(copy, 'config.json');
  const config = {
    ...JSON.parse(await readFile(path.join(references, family, 'config.json'), 'utf8')),
    ...change,
  };
  await writeFile(file, JSON.stringify(config));
  return copy;
}

/** A copy of a reference GGUF with other metadata, and tensors added, replaced or left out. */
async function ggufWith(
  family: string,
  change: Record<string, GgufValue>,
  extra: GgufTensorInput[] = [],
  without: (name: string) => boolean = () => false,
): Promise<string> {
  await using source = await openGguf(path.join(references, family, 'model.gguf'));
  const file = path.join(directory, 'changed.gguf');
  const tensors: GgufTensorInput[] = [];
  for (const { name, shape } of source.tensors) {
    if (!without(name) && !extra.some((tensor) => tensor.name === name))
      tensors.push({ name, shape, type: 'F32', data: await source.read(name) });
  }
  await writeGguf(file, {
    entries: new Map([...source.entries, ...Object.entries(change)]),
    tensors: [...tensors, ...extra],
  });
  return file;
}

const text = (value: string): GgufValue => ({ type: 'STRING', value });
const count = (value: number): GgufValue => ({ type: 'UINT32', value });
const real = (value: number): GgufValue => ({ type: 'FLOAT32', value });
const zeros = (name: string, ...shape: number[]): GgufTensorInput => ({
  name,
  shape,
  type: 'F32',
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

describe('a folder that cannot be trained is refused, and says why', () => {
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'another model',
      'llama3',
      { model_type: 'phi3' },
      /config\.json cannot be trained here: its model_type is "phi3"\./,
    ],
    ['a mixture of experts', 'qwen3', { model_type: 'qwen3_moe' }, /its model_type is "qwen3_moe"/],
    [
      'experts in a known model',
      'qwen3',
      { num_experts: 8 },
      /it is a mixture of experts \(num_experts = 8\)/,
    ],
    ['images as well', 'gemma3', { model_type: 'gemma3' }, /its model_type is "gemma3"/],
    [
      'YaRN',
      'qwen2',
      { rope_parameters: { rope_type: 'yarn', factor: 4, rope_theta: 1e4 } },
      /it scales its rotary embedding in the way "yarn"/,
    ],
    [
      'dynamic scaling as older configs say it',
      'smollm2',
      { rope_parameters: undefined, rope_scaling: { type: 'dynamic', factor: 2 } },
      /in the way "dynamic"/,
    ],
    ['partial rotation', 'llama3', { partial_rotary_factor: 0.5 }, /rotates only a part of each head/],
    ['quantised weights', 'llama3', { quantization_config: { quant_method: 'awq' } }, /quantised \(awq\)/],
    ['another activation', 'llama3', { hidden_act: 'relu2' }, /its activation is "relu2"/],
    [
      'capped logits',
      'gemma3',
      { final_logit_softcapping: 30 },
      /it caps its logits \(final_logit_softcapping = 30\)/,
    ],
    [
      'attention that looks ahead',
      'gemma3',
      { use_bidirectional_attention: true },
      /its attention looks ahead/,
    ],
    [
      'other kinds of layers',
      'gemma3',
      { layer_types: ['linear_attention'] },
      /layers of "linear_attention"/,
    ],
  ])('%s', async (_, family, change, message) => {
    const folder = await folderWith(family, change);
    await expect(readDecoderConfig(folder)).rejects.toSatisfy(UnsupportedModelError.isInstance);
    await expect(readDecoderConfig(folder)).rejects.toThrow(message);
    await expect(loadDecoder(folder)).rejects.toThrow(message);
  });

  test.each<[string, string, Record<string, unknown>, RegExp]>([
    ['a size is missing', 'llama3', { hidden_size: undefined }, /config\.json gives no "hidden_size"/],
    [
      'a size is impossible',
      'llama3',
      { num_hidden_layers: -1 },
      /gives an impossible "num_hidden_layers" \(-1\)/,
    ],
    [
      'a size is not that of the tensors',
      'llama3',
      { vocab_size: 50 },
      /embed_tokens\.weight" of shape \[48, 16\] where .* \[50, 16\]/,
    ],
    ['a layer is missing', 'llama3', { num_hidden_layers: 3 }, /has no tensor "model\.layers\.2\./],
  ])('%s', async (_, family, change, message) => {
    const folder = await folderWith(family, change);
    await expect(readDecoderConfig(folder)).rejects.toSatisfy(FileFormatError.isInstance);
    await expect(readDecoderConfig(folder)).rejects.toThrow(message);
  });

  test('a layer too many, biases that the settings do not have, integers', async () => {
    const shorter = await folderWith('llama3', { num_hidden_layers: 1 });
    await expect(readDecoderConfig(shorter)).rejects.toThrow(/it has the tensor "model\.layers\.1\./);

    const folder = await folderWith('llama3', {});
    await using file = await SafetensorsFile.open(path.join(references, 'llama3', 'model.safetensors'));
    const tensors: SafetensorsInput[] = [];
    for (const { name, shape } of file.tensors.values()) {
      tensors.push({ name, shape, dtype: 'F32', data: await file.read(name) });
    }
    const target = path.join(folder, 'model.safetensors');
    const bias = 'model.layers.0.self_attn.q_proj.bias';
    await writeSafetensors(target, [
      ...tensors,
      { name: bias, dtype: 'F32', shape: [32], data: new Float32Array(32) },
    ]);
    await expect(readDecoderConfig(folder)).rejects.toThrow(`it has the tensor "${bias}"`);
    const integers = {
      name: 'lm_head.weight',
      dtype: 'I8',
      shape: [48, 16],
      data: new Int8Array(48 * 16),
    } as const;
    await writeSafetensors(target, [...tensors.filter(({ name }) => name !== integers.name), integers]);
    await expect(readDecoderConfig(folder)).rejects.toThrow(/its tensor "lm_head\.weight" is stored as I8/);
  });

  test('no safetensors, or an index that leads nowhere', async () => {
    const folder = await folderWith('qwen3', {});
    const index = path.join(folder, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { a: '../outside.safetensors' } }));
    await expect(loadDecoder(folder)).rejects.toThrow(/does not map tensors to files of its folder/);
    await writeFile(index, JSON.stringify({ weight_map: { a: 'absent.safetensors' } }));
    await expect(loadDecoder(folder)).rejects.toThrow(/There is no file .*absent\.safetensors/);
    await rm(index);
    await expect(loadDecoder(folder)).rejects.toThrow(/has no model\.safetensors/);
  });
});

describe('a GGUF that cannot be trained is refused, and says why', () => {
  test.each<[string, string, Record<string, GgufValue>, RegExp]>([
    [
      'another architecture',
      'llama3',
      { 'general.architecture': text('phi3') },
      /its architecture is "phi3"/,
    ],
    ['a mixture of experts', 'llama3', { 'llama.expert_count': count(8) }, /it is a mixture of experts/],
    ['YaRN', 'qwen2', { 'qwen2.rope.scaling.type': text('yarn') }, /in the way "yarn"/],
    ['partial rotation', 'qwen3', { 'qwen3.rope.dimension_count': count(4) }, /only a part of each head/],
    ['capped logits', 'gemma3', { 'gemma3.final_logit_softcapping': real(30) }, /it caps its logits/],
    ['a scale of its own', 'llama3', { 'llama.attention.scale': real(0.25) }, /scales its attention scores/],
    ['narrow values', 'qwen3', { 'qwen3.attention.value_length': count(4) }, /not as wide as its keys/],
    [
      'layers that differ',
      'llama3',
      { 'llama.attention.head_count': { type: 'ARRAY', itemType: 'UINT32', value: [4, 2] } },
      /its layers differ in "attention\.head_count"/,
    ],
  ])('%s', async (_, family, change, message) => {
    const file = await ggufWith(family, change);
    await expect(readDecoderConfig(file)).rejects.toSatisfy(UnsupportedModelError.isInstance);
    await expect(readDecoderConfig(file)).rejects.toThrow(message);
  });

  test('tensors of an unknown part, or stored in a type that is not read', async () => {
    const unknown = await ggufWith('qwen2', {}, [zeros('blk.0.ffn_gate_inp.weight', 8, 16)]);
    await expect(loadDecoder(unknown)).rejects.toThrow(/it has the tensor "blk\.0\.ffn_gate_inp\.weight"/);
    const integers: GgufTensorInput = {
      name: 'blk.0.attn_v.weight',
      shape: [8, 16],
      type: 'I8',
      data: new Int8Array(128),
    };
    const stored = await ggufWith('qwen2', {}, [integers]);
    await expect(loadDecoder(stored)).rejects.toThrow(/its tensor "blk\.0\.attn_v\.weight" is stored as I8/);
    const missing = await ggufWith('qwen3', {}, [], (name) => name === 'blk.1.attn_q_norm.weight');
    await expect(loadDecoder(missing)).rejects.toThrow(/has no tensor "blk\.1\.attn_q_norm\.weight"/);
  });
});

test('older names of settings mean the same', async () => {
  const config = await readDecoderConfig(path.join(references, 'gemma3'));
  const older = await folderWith('gemma3', {
    rope_parameters: undefined,
    layer_types: undefined,
    rope_theta: 1e6,
    rope_local_base_freq: 1e4,
    rope_scaling: { rope_type: 'linear', factor: 8 },
    sliding_window_pattern: 6,
  });
  expect(await readDecoderConfig(older)).toEqual(config);
  const llama = await readDecoderConfig(path.join(references, 'llama3'));
  const { rope_parameters: rotary } = JSON.parse(
    await readFile(path.join(references, 'llama3', 'config.json'), 'utf8'),
  );
  const { rope_theta, ...rope_scaling } = rotary;
  const olderLlama = await folderWith('llama3', { rope_parameters: undefined, rope_theta, rope_scaling });
  expect(await readDecoderConfig(olderLlama)).toEqual(llama);
});

test('a folder is trained by its path, in several files, and resumed', async () => {
  const folder = path.join(references, 'qwen3');
  expect((await decoderFiles(folder)).map((file) => path.basename(file))).toEqual([
    'config.json',
    'model-00001-of-00003.safetensors',
    'model-00002-of-00003.safetensors',
    'model-00003-of-00003.safetensors',
  ]);
  const job = {
    model: folder,
    examples: [{ tokens: [3, 4, 5, 6, 7], labelSpans: [[2, 5]] as [number, number][] }],
    hyperparameters: { rank: 2, alpha: 4, batchSize: 1, epochs: 3, learningRate: 0.01 },
    checkpointDirectory: path.join(directory, 'run'),
    threads: 1,
  };
  const { adapter, metrics } = await trainLora(job);
  expect(metrics.losses).toHaveLength(3);
  expect(metrics.losses[2]).toBeLessThan(metrics.losses[0]!);
  const again = await trainLora({ ...job, resume: true });
  expect(again.adapter.tensors).toEqual(adapter.tensors);
});
