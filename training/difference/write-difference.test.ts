import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrossEncoder, SafetensorsFile, type SafetensorsInput, writeSafetensors } from '@tandem/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../packages/nn/src/graph/seeded-random.ts';
import { writeDifference } from './write-difference.ts';

const trained = join(import.meta.dirname, '../../packages/nn/references/bert/cross-encoder');
let folder: string;
let base: string;
const rank = 2;

/** A base without a head, from which the cross-encoder differs by a product of rank 2, and in a bias. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-difference-'));
  base = join(folder, 'base');
  await cp(trained, base, { recursive: true });
  const random = seededRandom(7);
  await using file = await SafetensorsFile.open(join(trained, 'model.safetensors'));
  const tensors: SafetensorsInput[] = [];
  for (const { name, shape } of file.tensors.values()) {
    const data = await file.read(name);
    if (name.endsWith('query.weight')) {
      const [out = 0, into = 0] = shape;
      const factors = Float64Array.from({ length: rank * (out + into) }, () => random() - 0.5);
      for (let row = 0; row < out; row++)
        for (let column = 0; column < into; column++)
          for (let r = 0; r < rank; r++)
            data[row * into + column]! -= factors[row * rank + r]! * factors[rank * out + r * into + column]!;
    }
    if (name.endsWith('pooler.dense.bias')) data[3]! -= 0.5;
    if (!name.startsWith('classifier.'))
      tensors.push({ name: name.replace(/^bert\./, ''), dtype: 'F32', shape, data });
  }
  await rm(join(base, 'model.safetensors'));
  await writeSafetensors(join(base, 'model.safetensors'), tensors);
});
afterAll(() => rm(folder, { recursive: true }));

test('a base and the difference score as the trained model, to half precision', async () => {
  const file = join(folder, 'difference.safetensors');
  const { kept } = await writeDifference(file, { base, trained, rank, maxTokens: 24 });
  expect(kept).toBeGreaterThan(0.9999);
  await using difference = await SafetensorsFile.open(file);
  expect([...difference.tensors.keys()].sort()).toEqual([
    'classifier.bias',
    'classifier.weight',
    ...['0', '1'].flatMap((layer) =>
      ['a', 'b'].map((part) => `encoder.layer.${layer}.attention.self.query.weight.${part}`),
    ),
    'pooler.dense.bias.added',
  ]);
  expect([...difference.tensors.values()].every(({ dtype }) => dtype === 'F16')).toBe(true);

  await using whole = await CrossEncoder.load({ directory: trained, threads: 1 });
  await using small = await CrossEncoder.load({ directory: base, difference: file, threads: 1 });
  expect(small).toMatchObject({ maxTokens: 24, scores: 'shares' });
  const texts = ['a b c', 'c d', 'e', 'd c b a'];
  const scores = await small.score('a b', texts);
  for (const [at, score] of (await whole.score('a b', texts)).entries())
    expect(scores[at]).toBeCloseTo(score, 3);
  expect(new Set(scores.map((score) => score.toFixed(4))).size).toBeGreaterThan(1);
});

test('of a lower rank it keeps the larger part', async () => {
  const file = join(folder, 'smaller.safetensors');
  const { kept } = await writeDifference(file, { base, trained, rank: 1, maxTokens: 24 });
  expect(kept).toBeGreaterThan(0.5);
  expect(kept).toBeLessThan(0.999);
});

test('a difference from another base, and a file that is none, are refused', async () => {
  const file = join(folder, 'stranger.safetensors');
  const of = (name: string, shape: number[]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  const load = () => CrossEncoder.load({ directory: base, difference: file, threads: 1 });
  await writeSafetensors(file, [of('classifier.weight', [1, 16])]);
  await expect(load()).rejects.toThrow(/name no activation and maxTokens/);
  await writeSafetensors(file, [of('pooler.dense.weight.b', [16, 2]), of('pooler.dense.weight.a', [2, 17])], {
    activation: 'sigmoid',
    maxTokens: '24',
  });
  await expect(load()).rejects.toThrow(/changes "pooler.dense.weight", which its base does not have/);
});
