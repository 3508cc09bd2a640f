import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { openLayeredDecoder } from '../models/decoder.ts';
import { adapterInputs } from '../models/decoder-batch.ts';
import { relativeError } from '../models/decoder-gradients.fixture.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { loadTinyReference } from '../models/tiny-reference.fixture.ts';
import { batchOf, preferenceObjective, sumReplies } from './objective.ts';
import { type PreferencePair, readPreferences } from './preferences.ts';
import { trainingSessionOptions } from './training-session.ts';

test('loss within 1e-5 and every gradient within 1e-4 of PyTorch + PEFT', async () => {
  const { model, adapter } = await loadTinyReference();
  const folder = new URL('../../references/llama/', import.meta.url);
  const reference = JSON.parse(await readFile(new URL('preferences.json', folder), 'utf8')) as {
    beta: number;
    pairs: PreferencePair[];
    reference: [number, number][];
    log_probabilities: [number, number][];
    loss: number;
  };
  await using file = await SafetensorsFile.open(fileURLToPath(new URL('preferences.safetensors', folder)));
  const pairs = readPreferences(reference.pairs, model.config, 'Pair');
  const known = (which: 0 | 1) => Float32Array.from(reference.reference, (values) => values[which]);
  const objective = preferenceObjective(pairs, { chosen: known(0), rejected: known(1) }, reference.beta);
  const items = pairs.map((_, item) => item);
  const batch = batchOf(objective, items);
  await using decoder = await openLayeredDecoder(model, {
    products: 'float32',
    hold: 'ready',
    lora: adapter,
    training: {},
    session: trainingSessionOptions(1),
  });
  const matricesOf = (of: LoraAdapter) => adapterInputs(of, model.config);

  // The adapter switched off: B is zero.
  const off = new Map([...adapter.tensors].map(([path, { a, b }]) => [path, { a, b: b.map(() => 0) }]));
  const base = sumReplies(
    pairs,
    await decoder.logProbabilities(batch, matricesOf({ ...adapter, tensors: off })),
  );
  const gradients = new Map(
    Object.entries(matricesOf(adapter)).map(([name, { data }]) => [name, new Float32Array(data.length)]),
  );
  let loss = Number.NaN;
  let results = base;
  await decoder.train(batch, matricesOf(adapter), {
    loss(logProbabilities) {
      results = sumReplies(pairs, logProbabilities);
      const measured = objective.measure(items, logProbabilities);
      loss = measured.loss / pairs.length;
      return measured.gradient.map((value) => value / pairs.length);
    },
    gradients,
  });
  reference.pairs.forEach((_, index) => {
    for (const [side, which] of [
      ['chosen', 0],
      ['rejected', 1],
    ] as const) {
      const of = (sums: typeof results) => sums[side][index]!;
      expect(of(base)).toBeCloseTo(reference.reference[index]![which], 4);
      expect(of(results)).toBeCloseTo(reference.log_probabilities[index]![which], 4);
    }
  });
  expect(loss).toBeCloseTo(reference.loss, 5);
  for (const [name, gradient] of gradients)
    expect(relativeError(gradient, await file.read(`gradient.${name}`)), name).toBeLessThan(1e-4);
});
