import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTinyReference } from '../models/tiny-reference.ts';
import { decoderLogits } from '../train/train-lora.ts';
import { halfToNumber } from './float-conversion.ts';
import { openGguf } from './gguf.ts';
import { dequantize } from './gguf-dequantize.ts';
import { numberToHalf, quantizationStep, quantize } from './gguf-quantize.ts';
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
  await exportMergedGguf(adapter, path, { base: gguf });
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

describe('quantisers', () => {
  test('every half is itself, and what lies between goes to the nearer', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(numberToHalf(halfToNumber(bits))).toBe(bits);
      const [low, high] = [halfToNumber(bits), halfToNumber(bits + 1)];
      if (!Number.isFinite(high)) continue;
      expect(numberToHalf(low + (high - low) * 0.4)).toBe(bits);
      expect(numberToHalf(low + (high - low) * 0.6)).toBe(bits + 1);
      expect(numberToHalf((low + high) / 2)).toBe(bits + (bits & 1));
    }
    expect(numberToHalf(-1)).toBe(0xbc00);
    expect(numberToHalf(1e6)).toBe(0x7c00);
    expect(numberToHalf(Number.NaN)).toBe(0x7e00);
  });

  for (const type of ['Q8_0', 'Q4_0', 'Q4_1'] as const) {
    test(`${type} gives back each value to half a step`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 32, maxLength: 32 }),
          (list) => {
            const values = Float32Array.from(list);
            const block = quantize(type, values);
            const again = dequantize(type, block);
            const largest = Math.max(...values.map(Math.abs));
            // The scale is itself a half: coarser by 2^-25 where it is subnormal, for up to 127 steps.
            const bound = quantizationStep(type, block) * 1.001 + largest * 2 ** -9 + 128 * 2 ** -25;
            values.forEach((value, index) => {
              expect(Math.abs(again[index]! - value)).toBeLessThanOrEqual(bound);
            });
          },
        ),
        { seed: 20, numRuns: 300 },
      );
    });
  }
});

function distance(a: Float32Array, b: Float32Array): number {
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
}
