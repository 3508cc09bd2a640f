import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import { exportPeft, importPeft } from './peft.ts';

/** Saved by PEFT: in the order of its modules, the k-th tensor's i-th value is k + i / 1024. */
const saved = path.join(import.meta.dirname, '../../references/peft-adapter');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'peft-'));
});
afterAll(() => rm(folder, { recursive: true }));

const counting = (start: number, length: number) => Float32Array.from({ length }, (_, i) => start + i / 1024);

test('an adapter that PEFT saved', async () => {
  const adapter = await importPeft(saved);
  expect(adapter).toMatchObject({ rank: 3, alpha: 6, targetModules: ['q_proj', 'k_proj', 'down_proj'] });
  expect(adapter.tensors.size).toBe(6);
  expect(adapter.tensors.get('model.layers.0.self_attn.q_proj')).toEqual({
    a: counting(0, 48),
    b: counting(1, 48),
  });
  expect(adapter.tensors.get('model.layers.0.self_attn.k_proj')).toEqual({
    a: counting(2, 48),
    b: counting(3, 24),
  });
  expect(adapter.tensors.get('model.layers.1.mlp.down_proj')).toEqual({
    a: counting(10, 72),
    b: counting(11, 48),
  });
});

test('written again it has the same tensors, and PEFT finds its settings', async () => {
  const adapter = await importPeft(saved);
  const copy = path.join(folder, 'new', 'copy');
  await exportPeft(adapter, copy, { baseModel: 'some/base', metadata: { lineage: 'x' } });
  expect(await importPeft(copy)).toEqual(adapter);

  await using ours = await SafetensorsFile.open(path.join(copy, 'adapter_model.safetensors'));
  await using theirs = await SafetensorsFile.open(path.join(saved, 'adapter_model.safetensors'));
  expect(ours.metadata).toEqual({ format: 'pt', lineage: 'x' });
  expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
  for (const [name, { shape, dtype }] of theirs.tensors)
    expect(ours.tensors.get(name)).toMatchObject({ shape, dtype });

  const config = JSON.parse(await readFile(path.join(copy, 'adapter_config.json'), 'utf8'));
  const theirConfig = JSON.parse(await readFile(path.join(saved, 'adapter_config.json'), 'utf8'));
  expect(config.base_model_name_or_path).toBe('some/base');
  for (const key of Object.keys(config)) expect(theirConfig, key).toHaveProperty(key);
  for (const key of [
    'peft_type',
    'task_type',
    'r',
    'lora_alpha',
    'bias',
    'use_dora',
    'use_rslora',
    'rank_pattern',
  ]) {
    expect(config[key], key).toEqual(theirConfig[key]);
  }
});

test.each(['llama3', 'mistral', 'smollm3', 'qwen2', 'qwen3', 'gemma3'])(
  'an adapter that PEFT saved for a %s, written again, is the same tensors',
  async (family) => {
    const theirs = path.join(import.meta.dirname, '../../references/decoders', family, 'adapter');
    const copy = path.join(folder, family);
    await exportPeft(await importPeft(theirs), copy, { baseModel: 'some/base' });
    await using written = await SafetensorsFile.open(path.join(copy, 'adapter_model.safetensors'));
    await using original = await SafetensorsFile.open(path.join(theirs, 'adapter_model.safetensors'));
    expect([...written.tensors.keys()].sort()).toEqual([...original.tensors.keys()].sort());
    for (const [name, { shape }] of original.tensors) {
      expect(written.tensors.get(name)!.shape, name).toEqual(shape);
      expect(await written.read(name), name).toEqual(await original.read(name));
    }
  },
);

const configs: [string, Record<string, unknown>, RegExp][] = [
  ['DoRA', { use_dora: true }, /use_dora = true/],
  ['rank-stabilised scaling', { use_rslora: true }, /use_rslora = true/],
  ['ranks that differ', { rank_pattern: { q_proj: 8 } }, /rank_pattern/],
  ['trained biases', { bias: 'all' }, /bias = "all"/],
  ['whole modules', { modules_to_save: ['lm_head'] }, /modules_to_save/],
  ['another method', { peft_type: 'IA3' }, /peft_type = "IA3"/],
];
test.each(configs)('beyond plain LoRA: %s', async (_, change, message) => {
  const copy = path.join(folder, 'beyond');
  await cp(saved, copy, { recursive: true });
  const file = path.join(copy, 'adapter_config.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
  await expect(importPeft(copy)).rejects.toSatisfy(UnsupportedModelError.isInstance);
  await expect(importPeft(copy)).rejects.toThrow(message);
});

const q = 'base_model.model.model.layers.0.self_attn.q_proj';
const a: SafetensorsInput = {
  name: `${q}.lora_A.weight`,
  dtype: 'F32',
  shape: [3, 2],
  data: new Float32Array(6),
};
const b: SafetensorsInput = {
  name: `${q}.lora_B.weight`,
  dtype: 'F32',
  shape: [2, 3],
  data: new Float32Array(6),
};
const tensors: [string, SafetensorsInput[], RegExp][] = [
  ['half a pair', [a], /only one of the two matrices of "model\.layers\.0\.self_attn\.q_proj"/],
  [
    'another rank',
    [a, { ...b, shape: [3, 2] }],
    /has the shape \[3,2\], and adapter_config\.json says rank 3/,
  ],
  [
    'an embedding',
    [a, b, { ...a, name: 'base_model.model.model.embed_tokens.lora_A.weight' }],
    /is no LoRA matrix/,
  ],
  ['nothing', [], /holds no LoRA matrices/],
];
test.each(tensors)('tensors that do not make an adapter: %s', async (_, inputs, message) => {
  const copy = path.join(folder, 'tensors');
  await cp(saved, copy, { recursive: true });
  await writeSafetensors(path.join(copy, 'adapter_model.safetensors'), inputs);
  await expect(importPeft(copy)).rejects.toThrow(message);
});

test('a folder without an adapter', async () => {
  await expect(importPeft(path.join(folder, 'none'))).rejects.toSatisfy(FileFormatError.isInstance);
  await expect(importPeft(path.join(folder, 'none'))).rejects.toThrow(
    /There is no file .*adapter_config\.json/,
  );
  const empty = path.join(folder, 'empty');
  await cp(saved, empty, { recursive: true });
  await writeFile(path.join(empty, 'adapter_config.json'), '{}');
  await expect(importPeft(empty)).rejects.toThrow(/gives no rank/);
});
