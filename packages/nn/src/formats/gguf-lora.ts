import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { ggufNames } from '../models/decoder-config.ts';
import { rowsToInterleaved } from '../models/decoder-weights.ts';
import type { LoraAdapter, LoraPair, LoraTarget } from '../train/lora-adapter.ts';
import { type GgufFile, openGguf } from './gguf.ts';
import type { GgufValue } from './gguf-types.ts';
import { type GgufTensorInput, writeGguf } from './gguf-writer.ts';

/**
 * Writes an adapter as llama.cpp loads it: a GGUF of type "adapter", whose tensors are called like the base's with
 * `.lora_a` [rank, in] and `.lora_b` [out, rank] added (llama.cpp `convert_lora_to_gguf.py`, `src/llama-adapter.cpp`).
 * The rows of B for q and k go into GGUF's order for rotary embedding, as those of the base's weights have.
 *
 * @param options.base the GGUF that the adapter will be loaded over: gives the architecture and the heads, and every
 *   tensor's shape is checked against it.
 * @param options.metadata further string entries, such as where the adapter came from.
 * @throws UnsupportedModelError when the adapter does not fit the base; FileWriteError when the disk says no.
 */
export async function exportGgufLora(
  adapter: LoraAdapter,
  path: string,
  options: { base: GgufFile | string; metadata?: Record<string, string> },
): Promise<void> {
  if (typeof options.base === 'string') {
    await using base = await openGguf(options.base);
    return await exportGgufLora(adapter, path, { ...options, base });
  }
  const { base, metadata = {} } = options;
  const architecture = base.metadata.get('general.architecture');
  if (architecture !== 'llama') {
    throw new UnsupportedModelError({
      feature: `architecture ${architecture}`,
      message: `An adapter for ${base.path} cannot be written: its architecture is "${architecture}", not "llama".`,
      hint: 'Export PEFT safetensors and convert them with llama.cpp.',
    });
  }
  const entries: [string, GgufValue][] = [
    ['general.type', { type: 'STRING', value: 'adapter' }],
    ['general.architecture', { type: 'STRING', value: architecture }],
    ['adapter.type', { type: 'STRING', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'FLOAT32', value: adapter.alpha }],
    ...Object.entries(metadata).map(([key, value]): [string, GgufValue] => [key, { type: 'STRING', value }]),
  ];
  const tensors = [...adapter.tensors].flatMap(([modulePath, pair]) =>
    loraTensors(modulePath, pair, adapter.rank, base),
  );
  await writeGguf(path, { entries, tensors });
}

function loraTensors(
  modulePath: string,
  { a, b }: LoraPair,
  rank: number,
  base: GgufFile,
): GgufTensorInput[] {
  const match = /^model\.layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)$/.exec(modulePath);
  const target = match?.[2] as LoraTarget;
  if (!match || !Object.hasOwn(ggufNames, target)) {
    throw new UnsupportedModelError({
      feature: modulePath,
      message: `The adapter changes "${modulePath}", which has no name in GGUF.`,
      hint: `Adapt only ${Object.keys(ggufNames).join(', ')}.`,
    });
  }
  const name = `blk.${match[1]}.${ggufNames[target]}.weight`;
  const [out, into] = base.tensor(name).shape as [number, number];
  if (a.length !== rank * into || b.length !== out * rank) {
    throw new UnsupportedModelError({
      feature: modulePath,
      message: `The adapter's "${modulePath}" is [${b.length / rank}, ${a.length / rank}], and ${base.path} has [${out}, ${into}] there.`,
      hint: 'The adapter was trained for another base model; use that one.',
    });
  }
  const rotated = target === 'q_proj' || target === 'k_proj';
  const rows = rotated ? rowsToInterleaved(b, headWidth(base), rank) : b;
  return [
    { name: `${name}.lora_a`, shape: [rank, into], type: 'F32', data: a },
    { name: `${name}.lora_b`, shape: [out, rank], type: 'F32', data: rows },
  ];
}

function headWidth(base: GgufFile): number {
  const key = base.metadata.get('llama.attention.key_length');
  if (typeof key === 'number') return key;
  return (
    Number(base.metadata.get('llama.embedding_length')) /
    Number(base.metadata.get('llama.attention.head_count'))
  );
}
