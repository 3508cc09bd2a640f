import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { openSession } from '../graph/index.ts';
import { adapterInputs, decoderPreferenceGraph, preferenceInputs } from '../models/decoder.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { loadTinyReference } from '../models/tiny-reference.fixture.ts';
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
  const graph = decoderPreferenceGraph(model, adapter, reference.beta);
  await using session = await openSession(graph, trainingSessionOptions(1));
  const run = (of: LoraAdapter) =>
    session.run({
      ...adapterInputs(of, model.config),
      ...preferenceInputs(
        pairs,
        Float32Array.from(reference.reference, ([chosen, rejected]) => chosen - rejected),
      ),
      seed: { data: Float32Array.of(1 / pairs.length), shape: [] },
    });

  // The adapter switched off: B is zero.
  const off = new Map([...adapter.tensors].map(([path, { a, b }]) => [path, { a, b: b.map(() => 0) }]));
  const base = await run({ ...adapter, tensors: off });
  const results = await run(adapter);
  reference.pairs.forEach((_, index) => {
    for (const [side, which] of [
      ['chosen', 0],
      ['rejected', 1],
    ] as const) {
      const of = (outputs: typeof results) => (outputs[side]!.data as Float32Array)[index]!;
      expect(of(base)).toBeCloseTo(reference.reference[index]![which], 4);
      expect(of(results)).toBeCloseTo(reference.log_probabilities[index]![which], 4);
    }
  });
  expect((results.loss!.data as Float32Array)[0]! / pairs.length).toBeCloseTo(reference.loss, 5);
  for (const path of adapter.tensors.keys()) {
    for (const side of ['a', 'b']) {
      const ours = results[`${path}.${side}.gradient`]!.data as Float32Array;
      const theirs = await file.read(`gradient.${path}.${side}`);
      const distance = Math.hypot(...ours.map((value, index) => value - theirs[index]!));
      expect(distance / Math.hypot(...theirs), `${path}.${side}`).toBeLessThan(1e-4);
    }
  }
});
