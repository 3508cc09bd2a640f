import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { BertEncoder } from './bert.ts';
import { miniLmDirectory } from './cached-models.fixture.ts';

const references = path.join(import.meta.dirname, '../../references');

async function readReference(file: string): Promise<{ texts: string[]; vectors: Float32Array[] }> {
  await using reference = await SafetensorsFile.open(path.join(references, file));
  const [count, dimensions] = reference.tensors.get('vectors')!.shape as [number, number];
  const data = await reference.read('vectors');
  return {
    texts: JSON.parse(reference.metadata.texts!),
    vectors: Array.from({ length: count }, (_, row) =>
      data.subarray(row * dimensions, (row + 1) * dimensions),
    ),
  };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

describe('all-MiniLM-L6-v2', () => {
  let encoder: BertEncoder;
  beforeAll(async () => {
    encoder = await BertEncoder.load({ directory: miniLmDirectory() });
  });
  afterAll(() => encoder[Symbol.asyncDispose]());

  test('vectors are those of sentence-transformers', async () => {
    const { texts, vectors } = await readReference('embeddings.safetensors');
    const truncated: [number, number][] = [];
    const own = await encoder.embed(texts, {
      onTooLong: 'truncate',
      onTruncated: (index, tokens) => truncated.push([index, tokens]),
    });
    expect(own.length).toBe(12);
    for (const [index, vector] of own.entries()) {
      expect(dot(vector, vectors[index]!), texts[index]).toBeGreaterThan(0.9999);
      expect(largestDifference(vector, vectors[index]!), texts[index]).toBeLessThan(1e-5);
      expect(dot(vector, vector)).toBeCloseTo(1, 6);
    }
    expect(truncated).toEqual([[11, 642]]);
  });

  test('in eight bits: near those in float32, and not dependent on neighbours', async () => {
    await using rounded = await BertEncoder.load({ directory: miniLmDirectory(), precision: 'int8' });
    const { texts } = await readReference('embeddings.safetensors');
    const options = { onTooLong: 'truncate' } as const;
    const [own, exact] = [await rounded.embed(texts, options), await encoder.embed(texts, options)];
    for (const [index, vector] of own.entries()) {
      expect(dot(vector, exact[index]!), texts[index]).toBeGreaterThan(0.99);
      expect(dot(vector, exact[index]!), texts[index]).toBeLessThan(0.999999);
      const [alone] = await rounded.embed([texts[index]!], options);
      expect(largestDifference(alone!, vector)).toBeLessThan(1e-5);
    }
  });

  test('its numbers', () => {
    expect(encoder.dimensions).toBe(384);
    expect(encoder.maxTokens).toBe(256);
    expect(encoder.maxTextTokens).toBe(254);
    expect(encoder.countTokens('Sickle cell disease')).toBe(4);
    const { ids, offsets } = encoder.encode('Sickle  cell');
    expect(ids.length).toBe(3);
    expect(offsets).toEqual([
      [0, 4],
      [4, 6],
      [8, 12],
    ]);
  });

  test('a vector does not depend on what it is embedded with, nor on the batch size', async () => {
    const texts = Array.from({ length: 30 }, (_, i) => `Text number ${i} ${'word '.repeat(i % 5)}`);
    const together = await encoder.embed(texts);
    const oneByOne = await encoder.embed(texts, { batchSize: 1 });
    for (const [index, vector] of together.entries()) {
      expect(largestDifference(vector, oneByOne[index]!)).toBeLessThan(1e-6);
    }
  });

  test('a text that is too long is an error before any work, with its place and length', async () => {
    const long = 'word '.repeat(300);
    await expect(encoder.embed(['short', long])).rejects.toSatisfy(
      (error) => TextTooLongError.isInstance(error) && error.index === 1 && error.tokens === 302,
    );
  });

  test('the event loop goes on while texts are embedded, and progress is told', async () => {
    const texts = Array.from({ length: 24 }, (_, i) => `${i} ${'word '.repeat(120)}`);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const progress: number[] = [];
    await encoder.embed(texts, { onProgress: ({ done, total }) => progress.push(done / total) });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  test('an aborted signal stops it between runs', async () => {
    const controller = new AbortController();
    const texts = Array.from({ length: 20 }, (_, i) => `${i} ${'word '.repeat(100)}`);
    let done = 0;
    const embedding = encoder.embed(texts, {
      signal: controller.signal,
      onProgress: (event) => {
        done = event.done;
        controller.abort(new Error('enough'));
      },
    });
    await expect(embedding).rejects.toThrow('enough');
    expect(done).toBeLessThan(20);
  });
});

describe('a tiny model with float16 weights, pooling by the first token and no normalisation', () => {
  const tiny = path.join(references, 'tiny-bert');

  test('vectors are those of sentence-transformers', async () => {
    const { texts, vectors } = await readReference('tiny-bert/vectors.safetensors');
    await using encoder = await BertEncoder.load({ directory: tiny, threads: 1 });
    expect(encoder.maxTokens).toBe(12);
    const own = await encoder.embed(texts);
    for (const [index, vector] of own.entries()) {
      expect(largestDifference(vector, vectors[index]!), texts[index]).toBeLessThan(2e-5);
    }
  });

  test('nothing works after it has been disposed of', async () => {
    const encoder = await BertEncoder.load({ directory: tiny, threads: 1 });
    await encoder[Symbol.asyncDispose]();
    await encoder[Symbol.asyncDispose]();
    await expect(encoder.embed(['a'])).rejects.toThrow(/disposed/);
  });

  const damages: [string, (folder: string) => Promise<void>, RegExp][] = [
    [
      'no weights',
      (folder) => rm(path.join(folder, 'model.safetensors')),
      /There is no file .*model\.safetensors/,
    ],
    ['cut weights', (folder) => truncate(path.join(folder, 'model.safetensors'), 9000), /cut short/],
    ['no config', (folder) => rm(path.join(folder, 'config.json')), /There is no file .*config\.json/],
    [
      'another architecture',
      (folder) => edit(folder, 'config.json', { model_type: 'roberta' }),
      /model_type = "roberta"/,
    ],
    [
      'another activation',
      (folder) => edit(folder, 'config.json', { hidden_act: 'relu' }),
      /hidden_act = "relu"/,
    ],
    [
      'another size',
      (folder) => edit(folder, 'config.json', { hidden_size: 32 }),
      /has the shape \[13,16\] where config\.json asks for \[13,32\]/,
    ],
    [
      'more layers',
      (folder) => edit(folder, 'config.json', { num_hidden_layers: 3 }),
      /has no tensor "bert\.encoder\.layer\.2/,
    ],
    [
      'a size that is no number',
      (folder) => edit(folder, 'config.json', { num_attention_heads: 'x' }),
      /num_attention_heads as "x"/,
    ],
    [
      'another pooling',
      (folder) =>
        edit(folder, '1_Pooling/config.json', {
          pooling_mode_cls_token: false,
          pooling_mode_max_tokens: true,
        }),
      /pooling_mode = "max"/,
    ],
  ];
  test.each(damages)('%s: one sentence that names the file', async (_, damage, message) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'bert-'));
    await cp(tiny, folder, { recursive: true });
    await damage(folder);
    await expect(BertEncoder.load({ directory: folder })).rejects.toThrow(message);
    await rm(folder, { recursive: true });
  });
});

async function edit(folder: string, name: string, change: Record<string, unknown>): Promise<void> {
  const file = path.join(folder, name);
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...change }));
}
