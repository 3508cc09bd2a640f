import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { openGguf } from '../formats/gguf.ts';
import { type GgufTensorInput, writeGguf } from '../formats/gguf-writer.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { exportGgufLora, importGgufLora } from './gguf-lora.ts';
import { importPeft } from './peft.ts';

/** One folder for each family: base, adapter as PEFT wrote it, and the same through llama.cpp's converter. */
const references = path.join(import.meta.dirname, '../../references/decoders');
const families = ['smollm2', 'llama3', 'mistral', 'smollm3', 'qwen2', 'qwen3', 'gemma3'];

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gguf-lora-'));
  file = path.join(folder, 'adapter.gguf');
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(families)('an adapter of a %s', (family) => {
  const reference = path.join(references, family);

  test.each(['model.gguf', '.'])('is written as llama.cpp’s converter writes it (base: %s)', async (base) => {
    const adapter = await importPeft(path.join(reference, 'adapter'));
    await exportGgufLora(adapter, file, {
      base: path.join(reference, base),
      metadata: { 'general.name': 'test' },
    });
    await using ours = await openGguf(file);
    await using theirs = await openGguf(path.join(reference, 'adapter.gguf'));
    for (const key of ['general.type', 'general.architecture', 'adapter.type', 'adapter.lora.alpha']) {
      expect(ours.entries.get(key), key).toEqual(theirs.entries.get(key));
    }
    expect(ours.metadata.get('general.name')).toBe('test');
    expect(ours.tensors.map(({ name }) => name).sort()).toEqual(
      theirs.tensors.map(({ name }) => name).sort(),
    );
    for (const { name, shape } of theirs.tensors) {
      expect(ours.tensor(name).shape, name).toEqual(shape);
      expect(await ours.read(name), name).toEqual(await theirs.read(name));
    }
  });

  test('is read from the converter’s file as PEFT’s own', async () => {
    const adapter = await importGgufLora(path.join(reference, 'adapter.gguf'), { base: reference });
    const peft = await importPeft(path.join(reference, 'adapter'));
    expect(adapter).toEqual({ ...peft, tensors: expect.anything() });
    expect(new Map([...adapter.tensors].sort())).toEqual(new Map([...peft.tensors].sort()));
  });
});

const qwen = path.join(references, 'qwen2');
/** Rank 2. */
const adapter = (modulePath: string, out: number, into: number): LoraAdapter => ({
  rank: 2,
  alpha: 5,
  targetModules: ['q_proj'],
  tensors: new Map([[modulePath, { a: new Float32Array(2 * into), b: new Float32Array(out * 2) }]]),
});

test('an adapter of another model is refused before anything is written', async () => {
  await rm(file, { force: true });
  const write = (written: LoraAdapter) => exportGgufLora(written, file, { base: qwen });
  await expect(write(adapter('model.layers.0.self_attn.q_proj', 32, 16))).rejects.toThrow(
    /does not fit .*qwen2: its .*q_proj" is \[32, 16\], and the model has \[16, 16\] there/,
  );
  await expect(write(adapter('model.layers.7.self_attn.q_proj', 16, 16))).rejects.toThrow(/has 2 layers/);
  await expect(write(adapter('lm_head', 16, 16))).rejects.toSatisfy(UnsupportedModelError.isInstance);
  await expect(openGguf(file)).rejects.toThrow(/There is no file/);

  const foreign = importGgufLora(path.join(references, 'qwen3/adapter.gguf'), { base: qwen });
  await expect(foreign).rejects.toThrow(/is for the architecture "qwen3", and .* is a "qwen2"/);
  const larger = importGgufLora(path.join(references, 'llama3/adapter.gguf'), {
    base: path.join(references, 'smollm2'),
  });
  await expect(larger).rejects.toThrow(
    /smollm2: its .*k_proj" is \[16, 16\], and the model has \[8, 16\] there/,
  );
});

const matrix = (name: string, rows: number, columns: number): GgufTensorInput => ({
  name,
  shape: [rows, columns],
  type: 'F32',
  data: new Float32Array(rows * columns),
});
const q = 'blk.0.attn_q.weight';
test.each<[string, GgufTensorInput[], RegExp]>([
  ['nothing', [], /holds no LoRA matrices/],
  ['half a pair', [matrix(`${q}.lora_a`, 2, 16)], /only one of the two matrices/],
  [
    'ranks that differ',
    [matrix(`${q}.lora_a`, 2, 16), matrix(`${q}.lora_b`, 16, 4)],
    /the rank 2 in one matrix and 4 in/,
  ],
  ['an embedding', [matrix('token_embd.weight.lora_a', 2, 16)], /which is no LoRA matrix/],
])('a file that holds no adapter of projections: %s', async (_, tensors, message) => {
  const entries = [
    ['general.architecture', { type: 'STRING', value: 'qwen2' }],
    ['adapter.type', { type: 'STRING', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'FLOAT32', value: 4 }],
  ] as const;
  await writeGguf(file, { entries, tensors });
  await expect(importGgufLora(file, { base: qwen })).rejects.toThrow(message);
});

test('a model is no adapter', async () => {
  const read = importGgufLora(path.join(qwen, 'model.gguf'), { base: qwen });
  await expect(read).rejects.toSatisfy(FileFormatError.isInstance);
  await expect(read).rejects.toThrow(/no adapter\.type "lora"/);
});
