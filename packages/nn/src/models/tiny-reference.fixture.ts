import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SafetensorsFile } from '../formats/safetensors.ts';
import type { DecoderModel } from './decoder-config.ts';
import { readConfigJson } from './families/index.ts';
import { type LoraAdapter, loraTargets } from './lora-adapter.ts';

interface TinyReference {
  config: Record<string, number>;
  rank: number;
  alpha: number;
  sequences: { tokens: number[]; labels: number[] }[];
  loss: number;
  training: {
    learning_rate: number;
    weight_decay: number;
    maximum_gradient_norm: number;
    warmup_steps: number;
    total_steps: number;
    losses: number[];
    gradient_norms: number[];
    learning_rates: number[];
  };
  logits_after_training: number[][];
}

/**
 * The random two-layer model of `references/llama/write_references.py`, with the results that PyTorch computed for it.
 */
export async function loadTinyReference(): Promise<{
  model: DecoderModel;
  /** The adapter before and after three steps of training. */
  adapter: LoraAdapter;
  trained: LoraAdapter;
  /** All stored tensors, `gradient.<module path>.a` among them. */
  tensors: Map<string, Float32Array>;
  reference: TinyReference;
}> {
  const folder = new URL('../../references/llama/', import.meta.url);
  const reference = JSON.parse(await readFile(new URL('tiny.json', folder), 'utf8')) as TinyReference;
  await using file = await SafetensorsFile.open(fileURLToPath(new URL('tiny.safetensors', folder)));
  const tensors = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));

  const { config } = reference;
  const model: DecoderModel = {
    config: readConfigJson({ model_type: 'llama', ...config }, 'tiny.json'),
    weights: new Map([...tensors].filter(([name]) => /^(model|lm_head)\./.test(name))),
  };
  const adapter = (prefix: string): LoraAdapter => {
    const pairs: LoraAdapter['tensors'] = new Map();
    for (const [name, a] of tensors) {
      if (!name.startsWith(`${prefix}.`) || !name.endsWith('.a')) continue;
      const path = name.slice(prefix.length + 1, -2);
      pairs.set(path, {
        a: Float32Array.from(a),
        b: Float32Array.from(tensors.get(`${prefix}.${path}.b`)!),
      });
    }
    return {
      rank: reference.rank,
      alpha: reference.alpha,
      targetModules: [...loraTargets],
      tensors: pairs,
    };
  };
  return { model, adapter: adapter('lora'), trained: adapter('trained'), tensors, reference };
}
