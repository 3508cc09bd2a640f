import { copyFile, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileWriteError } from '../errors/file-write-error.ts';
import { openGguf } from '../formats/gguf.ts';
import { writeDequantizedGguf } from '../formats/gguf-writer.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { smolLm2Path } from '../models/cached-models.fixture.ts';
import { type DecoderConfig, decoderLayerSizes } from '../models/decoder-config.ts';
import { readDecoderConfig } from '../models/decoder-weights.ts';
import { type LoraAdapter, loraModulePath, loraTargets } from '../models/lora-adapter.ts';
import { loadTinyReference } from '../models/tiny-reference.fixture.ts';
import { decoderLogits } from '../train/train-lora.ts';
import { exportGgufLora } from './gguf-lora.ts';
import { exportMergedGguf, exportMergedSafetensors } from './merge.ts';
import { importPeft } from './peft.ts';

const references = join(import.meta.dirname, '../../references/decoders');
const tokens = Array.from({ length: 20 }, (_, index) => 3 + ((index * 17 + index * index) % 45));

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-merge-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(['smollm2', 'qwen3', 'gemma3'])('a tiny %s merged', (family) => {
  const folder = join(references, family);
  const gguf = join(folder, 'model.gguf');

  test('as GGUF and as a Hugging Face folder answers as base and adapter do', async () => {
    const adapter = await importPeft(join(folder, 'adapter'));
    const [expected] = await decoderLogits({ model: gguf, sequences: [tokens], adapter });
    const [base] = await decoderLogits({ model: gguf, sequences: [tokens] });
    expect(distance(base!, expected!)).toBeGreaterThan(0.05);

    for (const [type, bound] of [
      ['kept', 2e-2],
      ['base', 1e-4],
      ['F32', 1e-4],
      ['F16', 2e-2],
    ] as const) {
      const path = join(directory, `${family}-${type}.gguf`);
      await exportMergedGguf(adapter, path, { base: gguf, type });
      const [merged] = await decoderLogits({ model: path, sequences: [tokens] });
      expect(distance(merged!, expected!), type).toBeLessThan(bound);
    }
    const out = join(directory, family);
    await exportMergedSafetensors(adapter, out, { base: folder });
    const [fromFolder] = await decoderLogits({ model: out, sequences: [tokens] });
    const [ofFolder] = await decoderLogits({ model: folder, sequences: [tokens], adapter });
    expect(distance(fromFolder!, ofFolder!)).toBeLessThan(1e-4);
  });
});

test('what the adapter leaves alone is copied byte by byte', async () => {
  const gguf = join(references, 'smollm2', 'model.gguf');
  const adapter = await importPeft(join(references, 'smollm2', 'adapter'));
  const path = join(directory, 'copied.gguf');
  await exportMergedGguf(adapter, path, { base: gguf, type: 'base' });
  await using before = await openGguf(gguf);
  await using after = await openGguf(path);
  expect(after.metadata).toEqual(before.metadata);
  for (const name of ['token_embd.weight', 'output_norm.weight']) {
    expect(await after.readBytes(name)).toEqual(await before.readBytes(name));
  }
  expect(await after.readBytes('blk.0.attn_q.weight')).not.toEqual(
    await before.readBytes('blk.0.attn_q.weight'),
  );
});

test('an adapter of another base is refused', async () => {
  const { adapter } = await loadTinyReference();
  const base = join(references, 'smollm2', 'model.gguf');
  await expect(exportMergedGguf(adapter, join(directory, 'no.gguf'), { base })).rejects.toThrow(
    /does not fit .*model\.gguf/,
  );
  await expect(exportMergedSafetensors(adapter, join(directory, 'no'), { base })).rejects.toThrow(
    /does not fit/,
  );
  const own = await importPeft(join(references, 'smollm2', 'adapter'));
  await expect(exportMergedSafetensors(own, join(directory, 'no'), { base })).rejects.toThrow(
    /no config\.json/,
  );
});

test('its base is not written over, under whatever name, and no other input either', async () => {
  const base = join(directory, 'own.gguf');
  await copyFile(join(references, 'smollm2', 'model.gguf'), base);
  const link = join(directory, 'link.gguf');
  await symlink(base, link);
  const before = await readFile(base);
  const adapter = await importPeft(join(references, 'smollm2', 'adapter'));
  for (const path of [base, link, join(directory, '..', basename(directory), 'own.gguf')]) {
    for (const write of [exportMergedGguf, exportGgufLora]) {
      const writing = write(adapter, path, { base });
      await expect(writing).rejects.toSatisfy(FileWriteError.isInstance);
      await expect(writing).rejects.toThrow(/is the base itself, which would be overwritten\.$/);
    }
  }
  await using file = await openGguf(base);
  await expect(writeDequantizedGguf(file, base)).rejects.toThrow(/is the source itself/);
  const folder = join(directory, 'own');
  await cp(join(references, 'smollm2'), folder, { recursive: true });
  await expect(exportMergedSafetensors(adapter, folder, { base: folder })).rejects.toThrow(
    /is the base itself/,
  );
  await expect(exportMergedSafetensors(adapter, folder, { base, files: folder })).rejects.toThrow(
    /is the folder of the other files itself/,
  );
  expect(await readFile(base)).toEqual(before);
});

test('a type that there is not is named', async () => {
  const adapter = await importPeft(join(references, 'smollm2', 'adapter'));
  const base = join(references, 'smollm2', 'model.gguf');
  const writing = exportMergedGguf(adapter, join(directory, 'no.gguf'), { base, type: 'q8_0' as 'Q8_0' });
  await expect(writing).rejects.toThrow(/cannot be written as "q8_0"/);
});

describe('the real model, whose base has four bits', () => {
  test('merged by default keeps what was trained; as the base it does not', async () => {
    const base = smolLm2Path();
    const adapter = smallAdapter(await readDecoderConfig(base));
    const sequences = [Array.from({ length: 12 }, (_, index) => 100 + ((index * 7919) % 40_000))];
    const [without] = await decoderLogits({ model: base, sequences });
    const [expected] = await decoderLogits({ model: base, sequences, adapter });
    const effect = relative(without!, expected!);
    expect(effect).toBeGreaterThan(0.01);
    const away = async (type?: 'base') => {
      const path = join(directory, 'real.gguf');
      await exportMergedGguf(adapter, path, { base, ...(type && { type }) });
      const [merged] = await decoderLogits({ model: path, sequences });
      return relative(merged!, expected!);
    };
    expect(await away()).toBeLessThan(effect / 20);
    expect(await away('base')).toBeGreaterThan(effect / 2);
  });
});

function distance(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
}

function relative(a: Float32Array, b: Float32Array): number {
  const sum = (values: Float32Array) => values.reduce((total, value) => total + value * value, 0);
  return Math.sqrt(sum(a.map((value, index) => value - b[index]!)) / sum(b));
}

/** As large as what a short training leaves: random, so that four bits have nothing to lean on. */
function smallAdapter(config: DecoderConfig): LoraAdapter {
  const sizes = decoderLayerSizes(config);
  const random = seededRandom(3);
  const values = (length: number, bound: number) =>
    Float32Array.from({ length }, () => (random() * 2 - 1) * bound);
  const tensors: LoraAdapter['tensors'] = new Map();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of loraTargets) {
      const { in: into, out } = sizes[target];
      tensors.set(loraModulePath(layer, target), {
        a: values(8 * into, 1 / Math.sqrt(into)),
        b: values(out * 8, 0.03),
      });
    }
  }
  return { rank: 8, alpha: 16, targetModules: [...loraTargets], tensors };
}
