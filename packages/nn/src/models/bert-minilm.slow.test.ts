import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { hasIntegerProducts } from '../graph/integer-products.ts';
import { BertEncoder } from './bert.ts';
import { largestDifference, readTextsWithVectors } from './bert-reference.fixture.ts';
import { miniLmDirectory } from './cached-models.fixture.ts';

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
    const { texts, vectors } = await readTextsWithVectors('embeddings.safetensors');
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
    const load = () => BertEncoder.load({ directory: miniLmDirectory(), precision: 'int8' });
    // A CPU without exact products of eight-bit integers would compute it wrongly, so it is refused there.
    if (!(await hasIntegerProducts())) return void (await expect(load()).rejects.toThrow(/int8.*CPU/));
    await using rounded = await load();
    const { texts } = await readTextsWithVectors('embeddings.safetensors');
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
