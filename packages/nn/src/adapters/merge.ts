import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { makeFolder } from '../formats/atomic-write.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import { isQuantizable, type QuantizableType, quantizableTypes, quantize } from '../formats/gguf-quantize.ts';
import { type GgmlType, ggmlTypes } from '../formats/gguf-types.ts';
import { type GgufTensorInput, writeGguf } from '../formats/gguf-writer.ts';
import { refuseOverwriting } from '../formats/refuse-overwriting.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { type DecoderConfig, decoderTensors } from '../models/decoder-config.ts';
import { loadDecoder, readDecoderConfig, rowsToInterleaved } from '../models/decoder-weights.ts';
import { decoderFamilies } from '../models/families/index.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import { requireFit } from './adapter-fit.ts';

/**
 * How the matrices of a merged GGUF are written:
 *
 * - `kept`: the matrices that the adapter changes as F16 (F32 stays F32), all others byte by byte as in the base.
 *   Nothing that was trained is lost, and the embeddings (a fifth of the weights of a small model) do not grow.
 * - `base`: each in the type that it has in the base (F32, F16, BF16, Q8_0, Q4_0, Q4_1). Size and speed are those of
 *   the base. But a step of a four-bit type is wider than what training changes: in a quantised base nearly everything
 *   that was trained is lost.
 * - `F32`, `F16`, `Q8_0`: all of them in this type. Rows that do not divide into blocks of 32 are written as F16.
 *
 * Measured on SmolLM2-135M in Q4_1, with an adapter that changes the logits by 0.0207 (relative L2). Distance from base
 * with adapter, and size: `kept` 0.0004 and 244 MB, `F16` 0.0005 and 271, `Q8_0` 0.0066 and 145, `base` 0.0236 and 98.
 * Decoding reads every weight for every token, so its time grows with the size. Where speed matters and a part of the
 * effect may be lost, take `Q8_0`; where neither may be given up, keep base and adapter apart (`exportGgufLora`).
 */
export type MergedType = (typeof mergedTypes)[number];
const mergedTypes = ['kept', 'base', 'F32', 'F16', 'Q8_0'] as const;

/**
 * Writes a model with the adapter added to its weights, W + (alpha / rank) · B · A, as a GGUF file that needs no
 * adapter. Only one tensor at a time is in memory; the base's metadata, tokenizer and template are kept.
 *
 * @param options.base the GGUF that the adapter was trained for.
 * @param options.lineage what is known of the base: compared with the adapter's own lineage.
 * @param options.type see {@link MergedType}. Default `kept`, which loses nothing that was trained.
 * @param options.onTensor called before each tensor is written, with its number (from 1) and the number of all.
 * @throws UnsupportedModelError when the adapter does not fit the base, or `base` asks for a type that cannot be
 *   written here; FileWriteError when the file cannot be written, or `path` is the base itself.
 */
export async function exportMergedGguf(
  adapter: LoraAdapter,
  path: string,
  options: {
    base: string;
    lineage?: AdapterLineage;
    type?: MergedType;
    signal?: AbortSignal;
    onTensor?: (done: number, total: number) => void;
  },
): Promise<void> {
  const { type = 'kept', signal, onTensor } = options;
  if (!mergedTypes.includes(type)) {
    throw new UnsupportedModelError({
      feature: `type ${type}`,
      message: `A merged model cannot be written as "${type}".`,
      hint: `Choose one of ${mergedTypes.join(', ')}.`,
    });
  }
  await refuseOverwriting(path, { 'the base': options.base });
  await using base = await openGguf(options.base);
  const config = await readDecoderConfig(base);
  requireFit(adapter, config, options.base, options.lineage);
  const moduleOf = new Map(
    decoderTensors(config).map(({ gguf, name, kind }) => [
      gguf,
      { path: name.replace(/\.weight$/, ''), kind },
    ]),
  );
  const entries = new Map(base.entries);
  const tensors = base.tensors.map((tensor, index): GgufTensorInput => {
    const { name, shape } = tensor;
    const place = moduleOf.get(name);
    const pair = place && adapter.tensors.get(place.path);
    const target = targetType(tensor, type, pair !== undefined, base);
    return {
      name,
      shape,
      type: target,
      async data() {
        onTensor?.(index + 1, base.tensors.length);
        if (!pair && target === tensor.type) return base.readBytes(name);
        const values = Float32Array.from(await base.read(name));
        if (pair) {
          const interleaved =
            place.kind === 'rotated' && decoderFamilies[config.family].gguf.rotaryRows === 'interleaved';
          const b = interleaved ? rowsToInterleaved(pair.b, config.headWidth, adapter.rank) : pair.b;
          addAdapter(values, { a: pair.a, b }, adapter);
        }
        return quantize(target as QuantizableType, values);
      },
    };
  });
  const changed = tensors.some((tensor, index) => tensor.type !== base.tensors[index]!.type);
  if (changed && type !== 'base') {
    // LLAMA_FTYPE of llama.h: the type of most tensors.
    entries.set('general.file_type', { type: 'UINT32', value: { kept: 1, F32: 0, F16: 1, Q8_0: 7 }[type] });
  }
  await writeGguf(path, { entries, tensors, ...(signal && { signal }) });
}

function targetType(
  { name, shape, type: own }: GgufFile['tensors'][number],
  wanted: MergedType,
  adapted: boolean,
  base: GgufFile,
): GgmlType {
  // Norms and biases are always float32, as llama.cpp expects.
  if (shape.length < 2) return own;
  if (wanted === 'kept') return adapted && own !== 'F32' ? 'F16' : own;
  if (wanted === 'base') {
    if (!adapted || isQuantizable(own)) return own;
    throw new UnsupportedModelError({
      feature: own,
      message: `${base.path} has "${name}" as ${own}, which cannot be written here (only ${quantizableTypes.join(', ')} can).`,
      hint: 'Merge with the type Q8_0 or F16, and quantise the result with llama.cpp if it must be smaller.',
    });
  }
  return shape.at(-1)! % ggmlTypes[wanted].blockSize === 0 ? wanted : 'F16';
}

/**
 * Writes a model with the adapter added to its weights as a Hugging Face folder that Transformers loads:
 * model.safetensors in float32, and copies of the config, the tokenizer and the other text files.
 *
 * @param options.base the model that the adapter was trained for: such a folder, or a GGUF file, whose quantised
 *   weights are dequantised.
 * @param options.files the Hugging Face folder that the other files are copied from. Default: the base, which then must
 *   be one.
 * @param options.lineage what is known of the base: compared with the adapter's own lineage.
 * @throws UnsupportedModelError when the adapter does not fit the base, or `files` is of another model; FileWriteError
 *   when the folder cannot be written, or `directory` is the base itself.
 */
export async function exportMergedSafetensors(
  adapter: LoraAdapter,
  directory: string,
  options: { base: string; files?: string; lineage?: AdapterLineage },
): Promise<void> {
  const { base, files = base } = options;
  await refuseOverwriting(directory, { 'the base': base, 'the folder of the other files': files });
  const config = await readDecoderConfig(base);
  requireFit(adapter, config, base, options.lineage);
  const shapes = (of: DecoderConfig) =>
    JSON.stringify(decoderTensors(of).map(({ name, shape }) => [name, shape]));
  if (files !== base && shapes(await readDecoderConfig(files)) !== shapes(config)) {
    throw new UnsupportedModelError({
      feature: 'config.json of another model',
      message: `The model in ${files} has other tensors than ${base}.`,
      hint: 'Give the folder of the model that the GGUF file was made from.',
    });
  }
  if (/\.gguf$/i.test(files)) {
    throw new UnsupportedModelError({
      feature: 'a folder from a GGUF file alone',
      message: `${files} has no config.json and no tokenizer.json, which a Hugging Face folder needs.`,
      hint: 'Give the Hugging Face folder of the same model as `files`, or merge into a GGUF file.',
    });
  }
  const { weights } = await loadDecoder(base);
  const { gainsLessOne } = decoderFamilies[config.family];
  await makeFolder(directory);
  await writeSafetensors(
    join(directory, 'model.safetensors'),
    decoderTensors(config).map(({ name, shape, kind }) => {
      const pair = adapter.tensors.get(name.replace(/\.weight$/, ''));
      let data = weights.get(name)!;
      if (pair) {
        data = Float32Array.from(data);
        addAdapter(data, pair, adapter);
      } else if (gainsLessOne && kind === 'gain') data = data.map((gain) => gain - 1);
      return { name, dtype: 'F32' as const, shape, data };
    }),
    { format: 'pt' },
  );
  for (const name of await readdir(files)) {
    if (/\.(json|txt|jinja|model)$/.test(name) && !name.endsWith('.index.json')) {
      await copyFile(join(files, name), join(directory, name));
    }
  }
}

/** Adds (alpha / rank) · B · A in place. */
function addAdapter(
  weight: Float32Array,
  { a, b }: { a: Float32Array; b: Float32Array },
  { rank, alpha }: { rank: number; alpha: number },
): void {
  const into = a.length / rank;
  const scaling = alpha / rank;
  for (let row = 0; row < b.length / rank; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = scaling * b[row * rank + r]!;
      if (factor === 0) continue;
      const from = r * into;
      const to = row * into;
      for (let column = 0; column < into; column++) weight[to + column]! += factor * a[from + column]!;
    }
  }
}
