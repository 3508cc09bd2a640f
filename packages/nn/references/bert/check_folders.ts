/**
 * Trains an embedder and a cross-encoder for a few steps, full and LoRA, and has sentence-transformers load the folders and agree.
 *
 *     node packages/nn/references/bert/check_folders.ts PYTHON [MODEL_FOLDER]
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BertEncoder, CrossEncoder, trainCrossEncoder, trainEmbedder } from '../../src/index.ts';

const [python = 'python3', directory = path.join(import.meta.dirname, 'embedder')] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'check-folders-'));
const check = async (model: string, expected: object) => {
  const file = path.join(folder, 'expected.json');
  await writeFile(file, JSON.stringify(expected));
  execFileSync(python, [path.join(import.meta.dirname, 'check_folder.py'), model, file], { stdio: 'inherit' });
};
const pairs = [
  { query: 'a b c', positive: 'b c d', negatives: ['c d e f'] },
  { query: 'd e', positive: 'e f g h i j', negatives: ['g'] },
  { query: 'k', positive: 'l m n o', negatives: ['m p'] },
];
const texts = ['a b c d', 'q', 'r s t a b c d e f g h', 'e f g', ''];
try {
  for (const method of ['full', 'lora'] as const) {
    const hyperparameters = { method, learningRate: 1e-3, epochs: 4, batchSize: 3 };
    const embedder = path.join(folder, `embedder-${method}`);
    await trainEmbedder({ directory, outputDirectory: embedder, pairs, hyperparameters });
    await using encoder = await BertEncoder.load({ directory: embedder });
    await check(embedder, { texts, vectors: (await encoder.embed(texts)).map((vector) => [...vector]) });
    const crossEncoder = path.join(folder, `cross-encoder-${method}`);
    await trainCrossEncoder({ directory: embedder, outputDirectory: crossEncoder, pairs, hyperparameters });
    await using reranker = await CrossEncoder.load({ directory: crossEncoder });
    await check(crossEncoder, { query: 'a b', texts, scores: await reranker.score('a b', texts) });
  }
} finally {
  await rm(folder, { recursive: true });
}
