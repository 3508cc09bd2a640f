import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { importPeft } from '../../adapters/peft.ts';
import { SafetensorsFile } from '../../formats/safetensors.ts';
import type { DecoderConfig, DecoderModel } from '../decoder-config.ts';
import { lossAndGradients, relativeError } from '../decoder-gradients.fixture.ts';
import { loadDecoder } from '../decoder-weights.ts';

const references = path.join(import.meta.dirname, '../../../references/decoders');

/** Folders that `references/decoders/write_references.py` wrote, and what their GGUF does not say. */
const models: Record<string, (fromFolder: DecoderConfig) => Partial<DecoderConfig>> = {
  smollm2: () => ({}),
  llama3: () => ({}),
  'llama-biases': () => ({}),
  // llama.cpp knows no window here, so the GGUF has none.
  mistral: ({ attention }) => ({ attention }),
  smollm3: () => ({}),
  qwen2: () => ({}),
  qwen3: () => ({}),
  // The query scale has no key in GGUF.
  gemma3: ({ attentionScale }) => ({ attentionScale }),
};

describe.each(Object.entries(models))('a tiny %s against Transformers + PEFT', (name, absentInGguf) => {
  const folder = path.join(references, name);

  test('from safetensors: loss within 1e-5, every gradient within 1e-4', async () => {
    await expectReference(folder, await loadDecoder(folder));
  });

  test('from the GGUF that llama.cpp’s converter made of it: the same', async () => {
    const { config } = await loadDecoder(folder);
    const model = await loadDecoder(path.join(folder, 'model.gguf'));
    await expectReference(folder, { ...model, config: { ...model.config, ...absentInGguf(config) } });
  });

  test('the two formats give the same weights, bit for bit', async () => {
    const { weights } = await loadDecoder(folder);
    const fromGguf = await loadDecoder(path.join(folder, 'model.gguf'));
    expect([...fromGguf.weights.keys()]).toEqual([...weights.keys()]);
    for (const [tensor, values] of weights) {
      expect(
        Buffer.compare(Buffer.from(values.buffer), Buffer.from(fromGguf.weights.get(tensor)!.buffer)),
        tensor,
      ).toBe(0);
    }
  });
});

async function expectReference(folder: string, model: DecoderModel): Promise<void> {
  const { sequences, loss } = JSON.parse(await readFile(path.join(folder, 'reference.json'), 'utf8')) as {
    sequences: { tokens: number[]; labels: number[] }[];
    loss: number;
  };
  const adapter = await importPeft(path.join(folder, 'adapter'));
  const ours = await lossAndGradients(model, adapter, sequences);
  expect(Math.abs(ours.loss - loss)).toBeLessThan(1e-5);
  expect(Math.abs(ours.evaluated - loss)).toBeLessThan(1e-5);

  await using gradients = await SafetensorsFile.open(path.join(folder, 'gradients.safetensors'));
  expect(gradients.tensors.size).toBe(2 * 7 * model.config.layers);
  for (const name of gradients.tensors.keys()) {
    const theirs = await gradients.read(name);
    expect(relativeError(ours.gradients.get(name)!, theirs), name).toBeLessThan(1e-4);
  }
}
