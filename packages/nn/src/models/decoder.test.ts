import { describe, expect, test } from 'vitest';
import { openSession } from '../graph/index.ts';
import { adapterInputs, decoderInputs, decoderLogitsGraph, decoderTrainingGraph } from './decoder.ts';
import { decoderLayerSizes } from './decoder-config.ts';
import { rowsFromInterleaved, rowsToInterleaved } from './decoder-weights.ts';
import type { LoraAdapter, LoraTarget } from './lora-adapter.ts';
import { loadTinyReference } from './tiny-reference.fixture.ts';

describe('a tiny Llama against PyTorch + PEFT', () => {
  test.each(['parts', 'layers'] as const)(
    'loss within 1e-5, every gradient within 1e-4, %s computed again',
    async (recompute) => {
      const { model, adapter, tensors, reference } = await loadTinyReference();
      const inputs = { ...decoderInputs(reference.sequences), ...adapterInputs(adapter, model.config) };
      const labelled = inputs.labels.shape[0]!;
      await using session = await openSession(decoderTrainingGraph(model, { ...adapter, recompute }), {
        weights: 'fed',
        optimize: 'none',
      });
      const results = await session.run({
        ...inputs,
        seed: { data: Float32Array.of(1 / labelled), shape: [] },
      });
      expect((results.loss!.data as Float32Array)[0]! / labelled).toBeCloseTo(reference.loss, 5);
      for (const path of adapter.tensors.keys()) {
        for (const side of ['a', 'b']) {
          const ours = results[`${path}.${side}.gradient`]!.data as Float32Array;
          expect(
            relativeError(ours, tensors.get(`gradient.${path}.${side}`)!),
            `${path}.${side}`,
          ).toBeLessThan(1e-4);
        }
      }
    },
  );

  test('any subset of targets can be adapted, and the others get no inputs', async () => {
    const { model, adapter, tensors, reference } = await loadTinyReference();
    const targetModules: LoraTarget[] = ['k_proj', 'down_proj'];
    const subset: LoraAdapter = {
      ...adapter,
      targetModules,
      tensors: new Map([...adapter.tensors].filter(([path]) => /k_proj|down_proj/.test(path))),
    };
    // The others' adapters are folded into the frozen weights, so gradients must be as with all of them.
    const weights = new Map(model.weights);
    const sizes = decoderLayerSizes(model.config);
    for (const [path, { a, b }] of adapter.tensors) {
      if (subset.tensors.has(path)) continue;
      const { out, in: into } = sizes[path.split('.').at(-1) as LoraTarget];
      const folded = Float32Array.from(weights.get(`${path}.weight`)!);
      for (let row = 0; row < out; row++)
        for (let column = 0; column < into; column++)
          for (let r = 0; r < adapter.rank; r++)
            folded[row * into + column]! +=
              (adapter.alpha / adapter.rank) * b[row * adapter.rank + r]! * a[r * into + column]!;
      weights.set(`${path}.weight`, folded);
    }
    const inputs = { ...decoderInputs(reference.sequences), ...adapterInputs(subset, model.config) };
    await using session = await openSession(decoderTrainingGraph({ ...model, weights }, subset), {
      weights: 'fed',
      optimize: 'none',
    });
    const results = await session.run({
      ...inputs,
      seed: { data: Float32Array.of(1 / inputs.labels.shape[0]!), shape: [] },
    });
    expect(Object.keys(results)).toHaveLength(1 + 2 * 4);
    for (const path of subset.tensors.keys()) {
      for (const side of ['a', 'b']) {
        const ours = results[`${path}.${side}.gradient`]!.data as Float32Array;
        expect(relativeError(ours, tensors.get(`gradient.${path}.${side}`)!)).toBeLessThan(1e-4);
      }
    }
  });

  test('logits and loss of the trained adapter', async () => {
    const { model, trained, reference } = await loadTinyReference();
    const [sequence] = reference.sequences;
    const inputs = { ...decoderInputs([sequence!]), ...adapterInputs(trained, model.config) };
    inputs.rows = {
      data: Int32Array.from(sequence!.tokens, (_, row) => row),
      shape: [sequence!.tokens.length],
    };
    await using session = await openSession(decoderLogitsGraph(model, trained));
    const { logits } = await session.run(inputs);
    expect(
      relativeError(logits!.data as Float32Array, Float32Array.from(reference.logits_after_training.flat())),
    ).toBeLessThan(1e-5);
  });
});

test('q and k rows go to GGUF’s order and back', () => {
  const rows = Float32Array.from({ length: 2 * 4 * 3 }, (_, index) => index);
  const interleaved = rowsToInterleaved(rows, 4, 3);
  // Head of four rows: halves (0, 1) and (2, 3) become neighbours 0, 2, 1, 3.
  expect(Array.from(interleaved.subarray(0, 12))).toEqual([0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]);
  expect(rowsFromInterleaved(interleaved, 4, 3)).toEqual(rows);
});

function relativeError(ours: Float32Array, theirs: Float32Array): number {
  let difference = 0;
  let norm = 0;
  theirs.forEach((value, index) => {
    difference += (ours[index]! - value) ** 2;
    norm += value ** 2;
  });
  return Math.sqrt(difference / norm);
}
