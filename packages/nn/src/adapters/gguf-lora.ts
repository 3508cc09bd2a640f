import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import type { GgufValue } from '../formats/gguf-types.ts';
import { type GgufTensorInput, writeGguf } from '../formats/gguf-writer.ts';
import { refuseOverwriting } from '../formats/refuse-overwriting.ts';
import { type DecoderConfig, decoderLayerSizes, ggufNames } from '../models/decoder-config.ts';
import { readDecoderConfig, rowsFromInterleaved, rowsToInterleaved } from '../models/decoder-weights.ts';
import { decoderFamilies } from '../models/families/index.ts';
import {
  type AdapterLineage,
  type LoraAdapter,
  type LoraPair,
  type LoraTarget,
  loraModulePath,
  loraTargets,
} from '../models/lora-adapter.ts';
import { ggufArchitecture, parseModulePath, requireFit } from './adapter-fit.ts';
import { formatLineage, readLineage } from './lineage-metadata.ts';

/**
 * Writes an adapter as llama.cpp loads it: a GGUF file of type "adapter", whose tensors are named after the base's with
 * `.lora_a` [rank, in] and `.lora_b` [out, rank] added (llama.cpp `convert_lora_to_gguf.py`, `src/llama-adapter.cpp`).
 * Where GGUF has the rows of the base's q and k in another order (Llama, Mistral, SmolLM), the rows of B are reordered
 * likewise.
 *
 * @param options.base the model that the adapter will be loaded over, GGUF or Hugging Face folder: gives the
 *   architecture and the heads, and every matrix's shape is checked against it.
 * @param options.lineage what is known of the base: compared with the adapter's own lineage, and written to the file
 *   with it.
 * @param options.metadata further string entries, such as where the adapter came from.
 * @throws UnsupportedModelError when the adapter does not fit the base; FileWriteError when the file cannot be written,
 *   or `path` is the base itself.
 */
export async function exportGgufLora(
  adapter: LoraAdapter,
  path: string,
  options: { base: GgufFile | string; lineage?: AdapterLineage; metadata?: Record<string, string> },
): Promise<void> {
  const { base, metadata = {} } = options;
  await refuseOverwriting(path, { 'the base': nameOf(base) });
  const config = await readDecoderConfig(base);
  requireFit(adapter, config, nameOf(base), options.lineage);
  const lineage = { ...adapter.lineage, ...options.lineage };
  const entries: [string, GgufValue][] = [
    ['general.type', { type: 'STRING', value: 'adapter' }],
    ['general.architecture', { type: 'STRING', value: ggufArchitecture(config) }],
    ['adapter.type', { type: 'STRING', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'FLOAT32', value: adapter.alpha }],
    ...Object.entries({ ...formatLineage(lineage), ...metadata }).map(([key, value]): [string, GgufValue] => [
      key,
      { type: 'STRING', value },
    ]),
  ];
  const tensors = [...adapter.tensors].flatMap(([modulePath, pair]): GgufTensorInput[] => {
    const { layer, target } = parseModulePath(modulePath)!;
    const { out, in: into } = decoderLayerSizes(config)[target];
    const name = `blk.${layer}.${ggufNames[target]}.weight`;
    const b = isInterleaved(config, target)
      ? rowsToInterleaved(pair.b, config.headWidth, adapter.rank)
      : pair.b;
    return [
      { name: `${name}.lora_a`, shape: [adapter.rank, into], type: 'F32', data: pair.a },
      { name: `${name}.lora_b`, shape: [out, adapter.rank], type: 'F32', data: b },
    ];
  });
  await writeGguf(path, { entries, tensors });
}

/**
 * Reads an adapter that {@link exportGgufLora}, or llama.cpp's converter, wrote. Quantised matrices are converted to
 * float32.
 *
 * @param options.base as in {@link exportGgufLora}: only the base says in which order the rows of q and k are.
 * @param options.lineage what is known of the base: compared with the lineage in the file.
 * @throws FileFormatError for a damaged file or one that is no LoRA adapter; UnsupportedModelError when the adapter
 *   does not fit the base, changes more than the projections of blocks, or has matrices of different ranks.
 */
export async function importGgufLora(
  path: string,
  options: { base: GgufFile | string; lineage?: AdapterLineage },
): Promise<LoraAdapter> {
  const { base } = options;
  const config = await readDecoderConfig(base);
  await using file = await openGguf(path);
  const kind = file.metadata.get('adapter.type');
  const alpha = file.metadata.get('adapter.lora.alpha');
  if (kind !== 'lora' || typeof alpha !== 'number') {
    throw new FileFormatError({
      path,
      message: `${path} is no LoRA adapter: it gives ${kind === 'lora' ? 'no adapter.lora.alpha' : 'no adapter.type "lora"'}.`,
      hint: 'Give a file written by exportGgufLora or by llama.cpp’s convert_lora_to_gguf.py.',
    });
  }
  const architecture = ggufArchitecture(config);
  const theirs = file.metadata.get('general.architecture');
  if (theirs !== architecture) {
    throw new UnsupportedModelError({
      feature: `architecture ${theirs}`,
      message: `The adapter ${path} is for the architecture "${theirs}", and ${nameOf(base)} is a "${architecture}".`,
      hint: 'The adapter was trained for another base model; use that one.',
    });
  }

  const targetOf = new Map(loraTargets.map((target) => [ggufNames[target], target]));
  const found = new Map<string, { target: LoraTarget; pair: Partial<LoraPair> }>();
  let rank: number | undefined;
  for (const { name, shape } of file.tensors) {
    const match = /^blk\.(\d+)\.(\w+)\.weight\.lora_([ab])$/.exec(name);
    const target = targetOf.get(match?.[2] ?? '');
    if (!match || !target || shape.length !== 2) {
      throw new UnsupportedModelError({
        feature: name,
        message: `${path} has the tensor "${name}", which is no LoRA matrix of a block's projections.`,
        hint: `Adapt only ${loraTargets.join(', ')}.`,
      });
    }
    const side = match[3] as 'a' | 'b';
    const here = shape[side === 'a' ? 0 : 1]!;
    rank ??= here;
    if (here !== rank) {
      throw new UnsupportedModelError({
        feature: 'ranks that differ',
        message: `${path} has the rank ${rank} in one matrix and ${here} in "${name}".`,
        hint: 'Train an adapter of one rank.',
      });
    }
    const layer = Number(match[1]);
    const modulePath = loraModulePath(layer, target);
    const entry = found.get(modulePath) ?? { target, pair: {} };
    entry.pair[side] = await file.read(name);
    found.set(modulePath, entry);
  }
  if (rank === undefined) {
    throw new FileFormatError({
      path,
      message: `${path} holds no LoRA matrices.`,
      hint: 'Export the adapter again.',
    });
  }
  const tensors: LoraAdapter['tensors'] = new Map();
  for (const [modulePath, { pair }] of found) {
    const { a, b } = pair;
    if (!a || !b) {
      throw new FileFormatError({
        path,
        message: `${path} has only one of the two matrices of "${modulePath}".`,
        hint: 'Export the adapter again.',
      });
    }
    tensors.set(modulePath, { a, b });
  }
  const adapted = new Set([...found.values()].map(({ target }) => target));
  const lineage = readLineage((key) => file.metadata.get(key));
  const adapter: LoraAdapter = {
    rank,
    alpha,
    targetModules: loraTargets.filter((target) => adapted.has(target)),
    tensors,
    ...(lineage && { lineage }),
  };
  requireFit(adapter, config, nameOf(base), options.lineage);
  // The rows are reordered last: only for an adapter that fits the base is their order known.
  for (const [modulePath, { target }] of found) {
    const pair = tensors.get(modulePath)!;
    if (isInterleaved(config, target)) pair.b = rowsFromInterleaved(pair.b, config.headWidth, rank);
  }
  return adapter;
}

function isInterleaved({ family }: DecoderConfig, target: LoraTarget): boolean {
  return (
    decoderFamilies[family].gguf.rotaryRows === 'interleaved' && (target === 'q_proj' || target === 'k_proj')
  );
}

function nameOf(base: GgufFile | string): string {
  return typeof base === 'string' ? base : base.path;
}
