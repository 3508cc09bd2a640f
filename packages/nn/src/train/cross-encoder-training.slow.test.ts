import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { CrossEncoder } from '../models/bert-cross-encoder.ts';
import type { EmbedderPair } from './embedder-batches.ts';
import { trainCrossEncoder } from './train-cross-encoder.ts';

const references = path.join(import.meta.dirname, '../../references/bert');
const embedder = path.join(references, 'embedder');
const crossEncoder = path.join(references, 'cross-encoder');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cross-encoder-'));
});
afterAll(() => rm(folder, { recursive: true }));

let outputs = 0;
const output = () => path.join(folder, `out-${outputs++}`);

/** A task that can be learnt: a right text begins with the query's letter. */
function lettered(count: number, seed: number): EmbedderPair[] {
  const random = seededRandom(seed);
  const letter = () => String.fromCharCode(97 + Math.floor(random() * 6));
  return Array.from({ length: count }, () => {
    const query = letter();
    let other = letter();
    while (other === query) other = letter();
    return {
      query,
      positive: `${query} ${letter()} ${letter()}`,
      negatives: [`${other} ${letter()} ${letter()}`],
    };
  });
}

describe('CrossEncoder', () => {
  test('scores are those of sentence-transformers', async () => {
    const { pairs, cross } = JSON.parse(await readFile(path.join(references, 'training.json'), 'utf8')) as {
      pairs: [string, string, string][];
      cross: { scores: number[]; probabilities: number[] };
    };
    await using reranker = await CrossEncoder.load({ directory: crossEncoder, threads: 1 });
    for (const [index, [query, positive, negative]] of pairs.entries()) {
      const scores = await reranker.score(query, [positive, negative]);
      scores.forEach((score, side) => {
        expect(Math.abs(score - cross.probabilities[2 * index + side]!)).toBeLessThan(1e-5);
      });
    }

    const logits = path.join(folder, 'logits');
    await cp(crossEncoder, logits, { recursive: true });
    const config = JSON.parse(await readFile(path.join(logits, 'config.json'), 'utf8'));
    config.sentence_transformers = { activation_fn: 'torch.nn.modules.linear.Identity' };
    await writeFile(path.join(logits, 'config.json'), JSON.stringify(config));
    await using plain = await CrossEncoder.load({ directory: logits, threads: 1 });
    const [score] = await plain.score(pairs[0]![0], [pairs[0]![1]]);
    expect(Math.abs(score! - cross.scores[0]!)).toBeLessThan(1e-5);
  });

  test('a pair that is too long is an error, or its text is cut and that is told', async () => {
    await using reranker = await CrossEncoder.load({ directory: crossEncoder, threads: 1 });
    const long = 'a '.repeat(30);
    await expect(reranker.score('b c', ['a', long])).rejects.toSatisfy(
      (error) => TextTooLongError.isInstance(error) && error.index === 1 && error.tokens === 35,
    );
    const told: [number, number][] = [];
    const scores = await reranker.score('b c', [long, 'a '.repeat(19)], {
      onTooLong: 'truncate',
      onTruncated: (index, tokens) => told.push([index, tokens]),
    });
    expect(scores[0]).toBe(scores[1]);
    expect(told).toEqual([[0, 35]]);
    await expect(reranker.score(long, ['a'], { onTooLong: 'truncate' })).rejects.toThrow(/34 tokens/);
    await expect(
      reranker.score('a', ['a', 'b c'], { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
  });

  test('a model of another kind is refused in a sentence that names the setting', async () => {
    await expect(CrossEncoder.load({ directory: embedder })).rejects.toThrow(/num_labels = 2/);
  });
});

describe('trainCrossEncoder', () => {
  for (const method of ['full', 'lora'] as const) {
    test(`${method}: from an embedder, it learns, the best is kept and saved, the same for the same seed`, async () => {
      const run = () =>
        trainCrossEncoder({
          directory: embedder,
          outputDirectory: output(),
          pairs: lettered(60, 1),
          validation: lettered(20, 2),
          hyperparameters: { method, rank: 8, alpha: 16, epochs: 20, learningRate: 0.01 },
          threads: 1,
        });
      const { directory, metrics } = await run();
      const best = metrics.validation.find(({ step }) => step === metrics.bestStep)!;
      expect(best.loss).toBeLessThan(metrics.validation[0]!.loss * 0.8);
      // A right text among four: one in four by chance.
      expect(best.recallAt1).toBeGreaterThanOrEqual(0.6);

      // What was saved is what was measured.
      await using reranker = await CrossEncoder.load({ directory, threads: 1 });
      let right = 0;
      const pairs = lettered(20, 2);
      for (const { query, positive, negatives } of pairs) {
        const [first, second] = await reranker.score(query, [positive, negatives![0]!]);
        if (first! > second!) right += 1;
      }
      // Three negatives are drawn for a pair that names one: against its own alone it can only be right more often.
      expect(right / pairs.length).toBeGreaterThanOrEqual(best.recallAt1);

      const again = await run();
      expect(again.metrics.losses).toEqual(metrics.losses);
      await using one = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
      await using two = await SafetensorsFile.open(path.join(again.directory, 'model.safetensors'));
      for (const name of one.tensors.keys()) expect(await one.read(name)).toEqual(await two.read(name));
    });
  }

  test('it goes on with a cross-encoder; bad input is one sentence', async () => {
    const pairs = lettered(12, 4);
    const { metrics } = await trainCrossEncoder({
      directory: crossEncoder,
      outputDirectory: output(),
      pairs,
      hyperparameters: { epochs: 4, learningRate: 0.003 },
      threads: 1,
    });
    expect(metrics.losses.at(-1)).toBeLessThan(metrics.losses[0]!);
    const train = (change: Partial<Parameters<typeof trainCrossEncoder>[0]>) =>
      trainCrossEncoder({ directory: embedder, outputDirectory: output(), pairs, ...change });
    await expect(train({ pairs: [{ query: 'a', positive: 'b' }] })).rejects.toThrow(/no pair has a negative/);
    await expect(
      train({ pairs: [{ query: 'a', positive: 'b '.repeat(30), negatives: ['c'] }] }),
    ).rejects.toThrow(/Training pair 0 has 34 tokens with a text/);
    await expect(train({ hyperparameters: { negatives: -1 } })).rejects.toThrow(/negatives is -1/);
  });
});
