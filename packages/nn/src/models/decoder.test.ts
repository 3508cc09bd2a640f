import { describe, expect, test } from 'vitest';
import { decoderLogits } from '../train/train-lora.ts';
import { decoderLayerSizes } from './decoder-config.ts';
import { lossAndGradients, relativeError } from './decoder-gradients.fixture.ts';
import { rowsFromInterleaved, rowsToInterleaved } from './decoder-weights.ts';
import type { LoraAdapter, LoraTarget } from './lora-adapter.ts';
import { loadTinyReference } from './tiny-reference.fixture.ts';

describe('a tiny Llama against PyTorch + PEFT', () => {
  test.each([
    { recompute: 'parts', hold: 'ready' },
    { recompute: 'layers', hold: 'ready' },
    { recompute: 'layers', hold: 'blocks' },
  ] as const)('loss within 1e-5, every gradient within 1e-4, %o', async (form) => {
    const { model, adapter, tensors, reference } = await loadTinyReference();
    const ours = await lossAndGradients(model, adapter, reference.sequences, form);
    expect(ours.loss).toBeCloseTo(reference.loss, 5);
    expect(ours.evaluated).toBeCloseTo(reference.loss, 5);
    for (const [name, gradient] of ours.gradients)
      expect(relativeError(gradient, tensors.get(`gradient.${name}`)!), name).toBeLessThan(1e-4);
  });

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
    const { gradients } = await lossAndGradients({ ...model, weights }, subset, reference.sequences);
    expect([...gradients.keys()]).toHaveLength(2 * 4);
    for (const [name, gradient] of gradients)
      expect(relativeError(gradient, tensors.get(`gradient.${name}`)!), name).toBeLessThan(1e-4);
  });

  test('logits of the trained adapter', async () => {
    const { model, trained, reference } = await loadTinyReference();
    const [logits] = await decoderLogits({
      model,
      sequences: [reference.sequences[0]!.tokens],
      adapter: trained,
    });
    expect(relativeError(logits!, Float32Array.from(reference.logits_after_training.flat()))).toBeLessThan(
      1e-5,
    );
  });
});

test('q and k rows go to GGUF’s order and back', () => {
  const rows = Float32Array.from({ length: 2 * 4 * 3 }, (_, index) => index);
  const interleaved = rowsToInterleaved(rows, 4, 3);
  // Head of four rows: halves (0, 1) and (2, 3) become neighbours 0, 2, 1, 3.
  expect(Array.from(interleaved.subarray(0, 12))).toEqual([0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]);
  expect(rowsFromInterleaved(interleaved, 4, 3)).toEqual(rows);
});
