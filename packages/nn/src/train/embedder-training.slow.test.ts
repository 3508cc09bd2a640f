import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { hasIntegerProducts } from '../graph/integer-products.ts';
import { BertEncoder } from '../models/bert.ts';
import { checkPairs, contrastiveBatches, positivesByQuery, textKey } from './embedder-batches.ts';
import { shiftedPairs } from './tiny-encoder-job.fixture.ts';
import { trainEmbedder } from './train-embedder.ts';

const references = path.join(import.meta.dirname, '../../references/bert');
const tiny = path.join(references, 'embedder');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'embedder-'));
});
afterAll(() => rm(folder, { recursive: true }));

let outputs = 0;
const output = () => path.join(folder, `out-${outputs++}`);

async function weightsIn(directory: string): Promise<Map<string, Float32Array>> {
  await using file = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
  const weights = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) weights.set(name, Float32Array.from(await file.read(name)));
  return weights;
}

describe('trainEmbedder', () => {
  test('three steps are those of PyTorch: losses, and every weight in the end', async () => {
    const { pairs, training } = JSON.parse(
      await readFile(path.join(references, 'training.json'), 'utf8'),
    ) as {
      pairs: [string, string, string][];
      training: {
        learning_rate: number;
        weight_decay: number;
        max_norm: number;
        steps: number;
        losses: number[];
        norms: number[];
        rates: number[];
      };
    };
    const seen: { norm: number; rate: number }[] = [];
    const { directory, metrics } = await trainEmbedder({
      directory: tiny,
      outputDirectory: output(),
      pairs: pairs.map(([query, positive, negative]) => ({ query, positive, negatives: [negative] })),
      hyperparameters: {
        learningRate: training.learning_rate,
        weightDecay: training.weight_decay,
        maxGradientNorm: training.max_norm,
        warmupFraction: 1 / 3,
        epochs: training.steps,
      },
      threads: 1,
      // Several passes for a step, of which not all are kept.
      tokensPerPass: 24,
      activationBytes: 40_000,
      onProgress: ({ gradientNorm, learningRate }) => {
        if (gradientNorm !== undefined) seen.push({ norm: gradientNorm, rate: learningRate! });
      },
    });
    training.losses.forEach((loss, step) => {
      expect(Math.abs(metrics.losses[step]! - loss)).toBeLessThan(1e-4);
      expect(Math.abs(seen[step]!.norm / training.norms[step]! - 1)).toBeLessThan(1e-3);
      expect(seen[step]!.rate).toBeCloseTo(training.rates[step]!, 8);
    });
    const ours = await weightsIn(directory);
    await using file = await SafetensorsFile.open(path.join(references, 'training.safetensors'));
    for (const name of ours.keys()) {
      // Softmax does not feel a key's bias: its gradient is rounding, which Adam brings to full size.
      if (name.startsWith('pooler.') || name.endsWith('key.bias')) continue;
      const theirs = await file.read(`trained.${name}`);
      let difference = 0;
      let norm = 0;
      theirs.forEach((value, at) => {
        difference += (ours.get(name)![at]! - value) ** 2;
        norm += value ** 2;
      });
      expect(Math.sqrt(difference / norm), name).toBeLessThan(1e-3);
    }
  });

  for (const settings of [
    { method: 'full' },
    { method: 'full', products: 'int8' },
    { method: 'lora' },
  ] as const) {
    test(`${Object.values(settings).join(', ')}: it learns, the best is kept and saved, the same for the same seed`, async () => {
      const run = () =>
        trainEmbedder({
          directory: tiny,
          outputDirectory: output(),
          pairs: shiftedPairs(60, 1),
          validation: shiftedPairs(16, 2),
          hyperparameters: { ...settings, rank: 4, alpha: 8, batchSize: 20, epochs: 12, learningRate: 0.01 },
          threads: 1,
        });
      if ('products' in settings && !(await hasIntegerProducts()))
        return void (await expect(run()).rejects.toThrow(/"int8", and this CPU has no exact products/));
      const { directory, metrics } = await run();
      const first = metrics.validation[0]!;
      const best = metrics.validation.find(({ step }) => step === metrics.bestStep)!;
      expect(metrics.steps).toBe(36);
      expect(best.loss).toBe(Math.min(...metrics.validation.map(({ loss }) => loss)));
      expect(best.loss).toBeLessThan(first.loss * 0.8);
      expect(best.recallAt1).toBeGreaterThan(first.recallAt1);

      // What was saved is what was measured: the same recall from the folder alone.
      await using encoder = await BertEncoder.load({ directory, threads: 1 });
      const pairs = shiftedPairs(16, 2);
      const candidates = pairs.flatMap(({ positive, negatives }) => [positive, ...negatives!]);
      const vectors = await encoder.embed([...pairs.map(({ query }) => query), ...candidates]);
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
      const found = pairs.filter(({ positive }, row) => {
        const scores = candidates.map((_, at) => dot(vectors[row]!, vectors[pairs.length + at]!));
        return candidates[scores.indexOf(Math.max(...scores))] === positive;
      });
      // Products in eight bits may decide a near tie otherwise than those in float32.
      const slack = 'products' in settings ? 1 / pairs.length : 1e-6;
      expect(Math.abs(found.length / pairs.length - best.recallAt1)).toBeLessThanOrEqual(slack);

      const again = await run();
      expect(again.metrics.losses).toEqual(metrics.losses);
      expect(await weightsIn(again.directory)).toEqual(await weightsIn(directory));
    });
  }

  test('aborted, it writes nothing', async () => {
    const controller = new AbortController();
    const outputDirectory = output();
    const training = trainEmbedder({
      directory: tiny,
      outputDirectory,
      pairs: shiftedPairs(60, 1),
      hyperparameters: { epochs: 500 },
      threads: 1,
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === 'training') controller.abort(new Error('enough'));
      },
    });
    await expect(training).rejects.toThrow('enough');
    expect(await readdir(folder)).not.toContain(path.basename(outputDirectory));
  });

  const [pair] = shiftedPairs(1, 3);
  const bad: [string, Partial<Parameters<typeof trainEmbedder>[0]>, RegExp][] = [
    ['an empty query', { pairs: [pair!, { ...pair!, query: ' ' }] }, /Training pair 1 has an empty text/],
    [
      'a negative that is right',
      { pairs: [pair!, { ...pair!, negatives: [pair!.positive] }] },
      /Training pair 1 names ".*" as a negative, which is a positive of the same query/,
    ],
    [
      'a text that is too long',
      { pairs: [pair!, { ...pair!, positive: 'a '.repeat(30) }] },
      /Training pair 1 has a text of 32 tokens .* the model reads 24/,
    ],
    ['nothing to tell apart', { pairs: [{ query: 'a', positive: 'b' }] }, /no two pairs can be told apart/],
    [
      'a setting',
      { pairs: [pair!], hyperparameters: { learningRate: 0 } },
      /learningRate is 0; it must be a number above 0/,
    ],
    ['a folder that is taken', { pairs: [pair!], outputDirectory: tiny }, /exists already/],
    ['no model', { pairs: [pair!], directory: path.join(tiny, '1_Pooling') }, /model_type/],
  ];
  test.each(bad)('%s: one sentence before any work', async (_, change, message) => {
    const training = trainEmbedder({ directory: tiny, outputDirectory: output(), pairs: [], ...change });
    await expect(training).rejects.toThrow(message);
  });
});

describe('contrastiveBatches', () => {
  const text = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'A ');
  const pairs = fc.array(
    fc.record({
      query: fc.constantFrom('p', 'q', 'r', 's', 'P'),
      positive: text,
      negatives: fc.array(text, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  test('no candidate in a batch is right for another query of it; each pair once; the same for a seed', () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: 2, max: 8 }), fc.integer(), (given, size, seed) => {
        const positives = positivesByQuery(given);
        const clean = given.map((pair) => ({
          ...pair,
          negatives: pair.negatives.filter(
            (negative) => !positives.get(textKey(pair.query))!.has(textKey(negative)),
          ),
        }));
        checkPairs(clean, 'Pair');
        const batches = contrastiveBatches(clean, size, seed, 1);
        expect(contrastiveBatches(clean, size, seed, 1)).toEqual(batches);
        const placed = batches.flat();
        expect(new Set(placed).size).toBe(placed.length);
        // Left out are only pairs without negatives that found no company.
        clean.forEach((pair, index) => {
          if (pair.negatives.length > 0) expect(placed).toContain(index);
        });
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(size);
          for (const index of batch) {
            const right = positives.get(textKey(clean[index]!.query))!;
            for (const other of batch) {
              if (other === index) continue;
              for (const candidate of [clean[other]!.positive, ...clean[other]!.negatives]) {
                expect(right.has(textKey(candidate))).toBe(false);
              }
            }
          }
        }
      }),
    );
  });

  test('different pairs fill whole batches', () => {
    const many = Array.from({ length: 50 }, (_, at) => ({ query: `q${at}`, positive: `p${at}` }));
    expect(contrastiveBatches(many, 16, 1, 0).map(({ length }) => length)).toEqual([16, 16, 16, 2]);
    expect(contrastiveBatches(many, 16, 1, 0)).not.toEqual(contrastiveBatches(many, 16, 1, 1));
    expect(() => checkPairs([{ query: 'q', positive: '' }], 'Pair')).toThrow(InvalidExampleError);
  });
});
