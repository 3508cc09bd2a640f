import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { openSession, type TensorData } from '../graph/index.ts';
import {
  type BertHead,
  type BertLora,
  type BertSequence,
  bertTables,
  bertTrainingGraphs,
  packSequences,
  rankingLossGraph,
  scoreLossGraph,
} from './bert-training.ts';
import { type BertModel, loadBertModel } from './bert-weights.ts';

const references = path.join(import.meta.dirname, '../../references/bert');
const session = { threads: 1, weights: 'fed', optimize: 'none' } as const;

async function reference() {
  const numbers = JSON.parse(await readFile(path.join(references, 'training.json'), 'utf8')) as {
    pairs: [string, string, string][];
    scale: number;
    loss: number;
    lora: { rank: number; alpha: number; loss: number };
    cross: { scores: number[]; loss: number };
  };
  await using file = await SafetensorsFile.open(path.join(references, 'training.safetensors'));
  const tensors = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  return { numbers, tensors };
}

function sequence(model: BertModel, text: string, second?: string): BertSequence {
  const { prefix, suffix } = model.tokenizer;
  const first = [...prefix, ...model.tokenizer.encode(text).ids, ...suffix];
  const rest = second === undefined ? [] : [...model.tokenizer.encode(second).ids, ...suffix];
  return {
    ids: Int32Array.from([...first, ...rest]),
    types: Int32Array.from([...first.map(() => 0), ...rest.map(() => 1)]),
  };
}

/** Loss and every gradient, the tables' rows summed where they were picked. */
async function lossAndGradients(
  model: BertModel,
  sequences: BertSequence[],
  options: { head: BertHead; lora?: BertLora },
  lossOf: (result: TensorData) => Promise<{ loss: number; gradient: Float32Array }>,
) {
  const graphs = bertTrainingGraphs(model, options);
  await using forward = await openSession(graphs.forward, session);
  await using backward = await openSession(graphs.backward, session);
  const inputs = packSequences(sequences, options.head === 'score' ? 'cls' : model.settings.pooling);
  const { result, ...between } = await forward.run(inputs);
  const { loss, gradient } = await lossOf(result!);
  const results = await backward.run({
    ...inputs,
    ...between,
    ...Object.fromEntries(
      graphs.trained.flatMap(({ name, summed }) =>
        summed ? [[`${name}.earlier`, { data: new Float32Array(1), shape: [1, 1] }]] : [],
      ),
    ),
    'result.gradient': { data: gradient, shape: result!.shape },
  });
  const gradients = new Map<string, Float32Array>();
  for (const { name, parts } of graphs.trained) {
    let at = 0;
    for (const part of parts) {
      const { length } = options.lora?.matrices.get(part) ?? model.weights.get(part)!;
      const whole = results[`${name}.gradient`]!.data as Float32Array;
      gradients.set(part, whole.subarray(at, (at += length)));
    }
  }
  const rows = results['embedded.gradient']?.data as Float32Array | undefined;
  for (const [table, input] of rows ? Object.entries(bertTables) : []) {
    const whole = new Float32Array(model.weights.get(table)!.length);
    const width = model.settings.hiddenSize;
    (inputs[input].data as Int32Array).forEach((picked, row) => {
      for (let at = 0; at < width; at++) whole[picked * width + at]! += rows![row * width + at]!;
    });
    gradients.set(table, whole);
  }
  return { loss, gradients, result: result!.data as Float32Array };
}

function rankingLoss(model: BertModel, scale: number, queries: number) {
  return async ({ data, shape }: TensorData) => {
    const width = model.settings.hiddenSize;
    await using losses = await openSession(rankingLossGraph(width, scale), session);
    const values = data as Float32Array;
    const cut = queries * width;
    const out = await losses.run({
      queries: { data: values.subarray(0, cut), shape: [queries, width] },
      candidates: { data: values.subarray(cut), shape: [shape[0]! - queries, width] },
      labels: { data: Int32Array.from({ length: queries }, (_, row) => row), shape: [queries] },
      share: { data: Float32Array.of(1 / queries), shape: [] },
    });
    const gradient = new Float32Array(values.length);
    gradient.set(out['queries.gradient']!.data as Float32Array);
    gradient.set(out['candidates.gradient']!.data as Float32Array, cut);
    return { loss: (out.loss!.data as Float32Array)[0]! / queries, gradient };
  };
}

describe('a tiny BERT against PyTorch', () => {
  test('full fine-tuning with in-batch and hard negatives: loss within 1e-5, every gradient within 1e-4', async () => {
    const { numbers, tensors } = await reference();
    const model = await loadBertModel(path.join(references, 'embedder'));
    const sequences = [0, 1, 2].flatMap((column) =>
      numbers.pairs.map((texts) => sequence(model, texts[column]!)),
    );
    const { loss, gradients } = await lossAndGradients(
      model,
      sequences,
      { head: 'vector' },
      rankingLoss(model, numbers.scale, numbers.pairs.length),
    );
    expect(Math.abs(loss - numbers.loss)).toBeLessThan(1e-5);
    expectSame(gradients, tensors, 'gradient.');
  });

  test('LoRA on all linears, as PEFT', async () => {
    const { numbers, tensors } = await reference();
    const model = await loadBertModel(path.join(references, 'embedder'));
    const matrices = new Map(
      [...tensors].flatMap(([name, data]) =>
        name.startsWith('lora.') ? [[name.slice(5), data] as const] : [],
      ),
    );
    const sequences = [0, 1, 2].flatMap((column) =>
      numbers.pairs.map((texts) => sequence(model, texts[column]!)),
    );
    const { loss, gradients } = await lossAndGradients(
      model,
      sequences,
      { head: 'vector', lora: { ...numbers.lora, matrices } },
      rankingLoss(model, numbers.scale, numbers.pairs.length),
    );
    expect(Math.abs(loss - numbers.lora.loss)).toBeLessThan(1e-5);
    expect(gradients.size).toBe(2 * 6 * 2);
    expectSame(gradients, tensors, 'lora-gradient.');
  });

  test('a cross-encoder with binary cross-entropy, in batches of another order', async () => {
    const { numbers, tensors } = await reference();
    const model = await loadBertModel(path.join(references, 'cross-encoder'));
    const sequences = numbers.pairs.flatMap(([query, positive, negative]) => [
      sequence(model, query, positive),
      sequence(model, query, negative),
    ]);
    const count = sequences.length;
    const { loss, gradients, result } = await lossAndGradients(
      model,
      sequences,
      { head: 'score' },
      async (scores) => {
        await using losses = await openSession(scoreLossGraph(), session);
        const out = await losses.run({
          scores,
          targets: { data: Float32Array.from({ length: count }, (_, row) => 1 - (row % 2)), shape: [count] },
          share: { data: Float32Array.of(1 / count), shape: [] },
        });
        return {
          loss: (out.loss!.data as Float32Array)[0]! / count,
          gradient: out['scores.gradient']!.data as Float32Array,
        };
      },
    );
    numbers.cross.scores.forEach((score, row) => {
      expect(Math.abs(result[row]! - score)).toBeLessThan(1e-5);
    });
    expect(Math.abs(loss - numbers.cross.loss)).toBeLessThan(1e-5);
    expectSame(gradients, tensors, 'cross-gradient.');
  });
});

/** The same names on both sides, and each tensor within 1e-4 (relative L2). */
function expectSame(ours: Map<string, Float32Array>, all: Map<string, Float32Array>, prefix: string): void {
  const theirs = new Map(
    [...all].flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
    ),
  );
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  // A key's bias has no gradient but rounding: softmax does not feel it. Its scale is then that of the query's.
  for (const [name, expected] of theirs) {
    const scale = theirs.get(name.replace('.key.bias', '.query.bias'))!;
    let difference = 0;
    let norm = 0;
    expected.forEach((value, at) => {
      difference += (ours.get(name)![at]! - value) ** 2;
      norm += scale[at]! ** 2;
    });
    expect(Math.sqrt(difference / norm), name).toBeLessThan(1e-4);
  }
}
