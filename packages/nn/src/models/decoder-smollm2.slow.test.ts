import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../graph/seeded-random.ts';
import { smolLm2Path } from './cached-models.fixture.ts';
import { type DecoderConfig, decoderLayerSizes } from './decoder-config.ts';
import { lossAndGradients } from './decoder-gradients.fixture.ts';
import { readDecoderConfig } from './decoder-weights.ts';
import { type LoraAdapter, loraModulePath, loraTargets } from './lora-adapter.ts';

const references = new URL('../../references/llama/', import.meta.url);

describe('SmolLM2-135M from its quantised blocks against PyTorch + PEFT', () => {
  test.each([
    { recompute: 'parts', hold: 'ready' },
    { recompute: 'layers', hold: 'blocks' },
  ] as const)('loss within 1e-5, every gradient within 1e-4, %o', async (form) => {
    const reference = JSON.parse(await readFile(new URL('smollm2.json', references), 'utf8')) as {
      rank: number;
      alpha: number;
      seed: number;
      probes: number;
      sequences: { tokens: number[]; labels: number[] }[];
      loss: number;
      gradients: { name: string; norm: number; probes: number[]; values: number[] }[];
    };
    const model = await smolLm2Path();
    const adapter = pseudoRandomAdapter(await readDecoderConfig(model), reference);
    const ours = await lossAndGradients(model, adapter, reference.sequences, form);
    expect(Math.abs(ours.loss - reference.loss)).toBeLessThan(1e-5);
    expect(Math.abs(ours.evaluated - reference.loss)).toBeLessThan(1e-5);

    let worst = 0;
    reference.gradients.forEach(({ name, norm, probes, values }, index) => {
      const gradient = ours.gradients.get(name)!;
      const random = seededRandom(1_000_000 + index);
      // Inner products with random ±1 vectors: their mean square difference estimates the squared L2 distance.
      let squared = 0;
      for (const probe of probes) {
        let product = 0;
        for (const value of gradient) product += random() < 0.5 ? -value : value;
        squared += (product - probe) ** 2 / probes.length;
      }
      worst = Math.max(worst, Math.sqrt(squared) / norm);
      expect(Math.abs(Math.hypot(...chunkNorms(gradient)) - norm) / norm, name).toBeLessThan(1e-4);
      const stride = Math.floor(gradient.length / 5);
      values.forEach((value, at) => {
        expect(Math.abs(gradient[at * stride]! - value), `${name}[${at * stride}]`).toBeLessThan(
          1e-4 * Math.max(Math.abs(value), norm / Math.sqrt(gradient.length)),
        );
      });
    });
    expect(worst).toBeLessThan(1e-4);
  });
});

function pseudoRandomAdapter(
  config: DecoderConfig,
  { rank, alpha, seed }: { rank: number; alpha: number; seed: number },
): LoraAdapter {
  const sizes = decoderLayerSizes(config);
  const fill = (length: number, index: number, halfRange: number) => {
    const random = seededRandom(seed + index);
    return Float32Array.from({ length }, () => (random() * 2 - 1) * halfRange);
  };
  const tensors: LoraAdapter['tensors'] = new Map();
  let index = 0;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of loraTargets) {
      const { out, in: into } = sizes[target];
      const a = fill(rank * into, index++, 0.05);
      tensors.set(loraModulePath(layer, target), { a, b: fill(out * rank, index++, 0.02) });
    }
  }
  return { rank, alpha, targetModules: [...loraTargets], tensors };
}

function chunkNorms(values: Float32Array): number[] {
  let squared = 0;
  for (const value of values) squared += value * value;
  return [Math.sqrt(squared)];
}
