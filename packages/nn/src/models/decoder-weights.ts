import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import { dequantizableTypes } from '../formats/gguf-dequantize.ts';
import { readJsonFile } from '../formats/json-file.ts';
import { SafetensorsFolder, safetensorsFiles } from '../formats/safetensors-folder.ts';
import { hadamardRotatedColumns, hadamardRotatedRows, int8Columns, int8Transposed } from '../graph/index.ts';
import {
  type DecoderConfig,
  type DecoderModel,
  type DecoderTensor,
  decoderTensors,
  type Int8Layer,
} from './decoder-config.ts';
import { decoderFamilies, readConfigFromGguf, readConfigJson } from './families/index.ts';
import { familiesHint } from './families/settings.ts';

/**
 * Reads a decoder into float32, from a GGUF file or a Hugging Face folder (config.json and safetensors). A quantised
 * GGUF is dequantised exactly, so that an adapter is trained for the model that will be served. Beside the weights
 * there is never more than one tensor in memory.
 *
 * @param options.layers `int8`: the matrices of all layers but the first are rounded to eight bits as they are read,
 *   two bytes a weight instead of four. Default `float32`.
 * @throws UnsupportedModelError where the architecture, a setting or a tensor's type is not implemented, before any
 *   weight is read. FileFormatError where a file is missing or damaged, or its tensors do not fit its settings.
 */
export async function loadDecoder(
  source: GgufFile | string,
  { layers = 'float32' }: { layers?: 'float32' | 'int8' } = {},
): Promise<DecoderModel> {
  await using decoder = await openDecoder(source);
  const { config, tensors } = decoder;
  const weights = new Map<string, Float32Array>();
  const int8 = new Map<string, Int8Layer>();
  for (const tensor of tensors) {
    const values = await decoder.read(tensor);
    if (layers === 'int8' && isQuantizedInInt8(tensor))
      int8.set(tensor.name, quantizeLayer(values, tensor.shape));
    else weights.set(tensor.name, values);
  }
  return { config, weights, ...(layers === 'int8' && { int8 }) };
}

/** The same decoder with the matrices of all layers but the first in eight bits. */
export function quantizeToInt8(model: DecoderModel): DecoderModel {
  if (model.int8) return model;
  const weights = new Map(model.weights);
  const int8 = new Map<string, Int8Layer>();
  for (const tensor of decoderTensors(model.config).filter(isQuantizedInInt8)) {
    int8.set(tensor.name, quantizeLayer(weights.get(tensor.name)!, tensor.shape));
    weights.delete(tensor.name);
  }
  return { config: model.config, weights, int8 };
}

function quantizeLayer(weight: Float32Array, [out, into]: readonly number[]): Int8Layer {
  return {
    forward: int8Transposed(hadamardRotatedRows(weight, into!), out!, into!),
    backward: int8Columns(hadamardRotatedColumns(weight, into!), out!, into!),
  };
}

/**
 * Whether int8 rounds this tensor: the matrices of layers, without the table of embeddings, gains and biases. The first
 * layer stays in float32. It is where the few tokens with huge activations get them: rounding it disturbs the gradients
 * as much as rounding all other layers together.
 */
function isQuantizedInInt8({ name, shape }: DecoderTensor): boolean {
  return name.startsWith('model.layers.') && !name.startsWith('model.layers.0.') && shape.length === 2;
}

/** A decoder's settings, after all the checks of {@link loadDecoder} but without reading its weights. */
export async function readDecoderConfig(source: GgufFile | string): Promise<DecoderConfig> {
  await using decoder = await openDecoder(source);
  return decoder.config;
}

/** The files of a model, in a fixed order: a hash of the model must cover all of them. */
export async function decoderFiles(source: string): Promise<string[]> {
  if (!(await isDirectory(source))) return [source];
  return [path.join(source, 'config.json'), ...(await safetensorsFiles(source))];
}

/**
 * From GGUF's order of the rows of q and k to Hugging Face's. In a Llama's GGUF the two rows that a rotation mixes are
 * neighbours (rows 2j and 2j + 1 of a head); in Hugging Face's files they are half a head apart (rows j and j +
 * headWidth/2). Also for lora_b, which has the same rows.
 *
 * @param width length of a row.
 */
export function rowsFromInterleaved(rows: Float32Array, headWidth: number, width: number): Float32Array {
  return reorderRows(rows, headWidth, width, (half, j) => [half * (headWidth / 2) + j, 2 * j + half]);
}

/** The inverse of {@link rowsFromInterleaved}: Hugging Face's order to GGUF's. */
export function rowsToInterleaved(rows: Float32Array, headWidth: number, width: number): Float32Array {
  return reorderRows(rows, headWidth, width, (half, j) => [2 * j + half, half * (headWidth / 2) + j]);
}

function reorderRows(
  rows: Float32Array,
  headWidth: number,
  width: number,
  place: (half: number, j: number) => [to: number, from: number],
): Float32Array {
  const result = new Float32Array(rows.length);
  for (let head = 0; head < rows.length; head += headWidth * width) {
    for (let half = 0; half < 2; half++) {
      for (let j = 0; j < headWidth / 2; j++) {
        const [to, from] = place(half, j);
        const start = head + from * width;
        result.set(rows.subarray(start, start + width), head + to * width);
      }
    }
  }
  return result;
}

/** A decoder whose settings and tensors have been checked, open for reading. */
interface OpenDecoder extends AsyncDisposable {
  config: DecoderConfig;
  tensors: readonly DecoderTensor[];
  /** The tensor's values as Hugging Face's implementation uses them. */
  read(tensor: DecoderTensor): Promise<Float32Array>;
}

async function openDecoder(source: GgufFile | string): Promise<OpenDecoder> {
  if (typeof source !== 'string') return await openDecoderInGguf(source);
  if (await isDirectory(source)) return await openDecoderInFolder(source);
  const file = await openGguf(source);
  try {
    const decoder = await openDecoderInGguf(file);
    return { ...decoder, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDecoderInGguf(file: GgufFile): Promise<OpenDecoder> {
  const config = await readConfigFromGguf(file);
  const tensors = decoderTensors(config);
  checkTensors(file.path, {
    expected: new Map(tensors.map(({ gguf, shape }) => [gguf, shape])),
    // The divisors of the rotary frequencies are read with the settings.
    ignored: (name) => name === 'rope_freqs.weight',
    found: new Map(file.tensors.map((tensor) => [tensor.name, tensor])),
    readable: dequantizableTypes,
  });
  const { rotaryRows } = decoderFamilies[config.family].gguf;
  return {
    config,
    tensors,
    async read({ gguf, kind, shape }) {
      const values = await file.read(gguf);
      if (kind !== 'rotated' || rotaryRows === 'halves') return values;
      return rowsFromInterleaved(values, config.headWidth, shape[1] ?? 1);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const readableDtypes: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'F64']);

async function openDecoderInFolder(directory: string): Promise<OpenDecoder> {
  const configPath = path.join(directory, 'config.json');
  const config = readConfigJson(await readJsonFile(configPath), configPath);
  const tensors = decoderTensors(config);
  const files = await SafetensorsFolder.open(directory);
  try {
    checkTensors(directory, {
      expected: new Map(tensors.map(({ name, shape }) => [name, shape])),
      // Some files hold the tied head a second time, and older ones the rotary frequencies.
      ignored: (name) =>
        (config.tiedHead && name === 'lm_head.weight') || name.endsWith('rotary_emb.inv_freq'),
      found: new Map([...files.tensors].map(([name, { shape, dtype }]) => [name, { shape, type: dtype }])),
      readable: readableDtypes,
    });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
  const { gainsLessOne } = decoderFamilies[config.family];
  return {
    config,
    tensors,
    async read({ name, kind }) {
      const values = await files.read(name);
      if (gainsLessOne && kind === 'gain') {
        for (let index = 0; index < values.length; index++) values[index]! += 1;
      }
      return values;
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** Refuses a missing tensor, and an additional one too: it would be a part of the model that is silently left out. */
function checkTensors(
  file: string,
  options: {
    expected: ReadonlyMap<string, readonly number[]>;
    found: ReadonlyMap<string, { shape: readonly number[]; type: string }>;
    ignored: (name: string) => boolean;
    readable: ReadonlySet<string>;
  },
): void {
  const { expected, found, ignored, readable } = options;
  for (const [name, { type }] of found) {
    if (ignored(name)) continue;
    if (!expected.has(name)) {
      throw new UnsupportedModelError({
        feature: `tensor ${name}`,
        message: `${file} cannot be trained here: it has the tensor "${name}", which is not part of this architecture as implemented here.`,
        hint: familiesHint,
      });
    }
    if (!readable.has(type)) {
      throw new UnsupportedModelError({
        feature: type,
        message: `${file} cannot be trained here: its tensor "${name}" is stored as ${type}.`,
        hint: `Use a file whose tensors are ${[...readable].join(', ')}.`,
      });
    }
  }
  for (const [name, shape] of expected) {
    const tensor = found.get(name);
    if (!tensor) {
      throw new FileFormatError({
        path: file,
        message: `${file} has no tensor "${name}", which its settings ask for.`,
        hint: 'The file was converted wrongly or is incomplete; fetch it again.',
      });
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new FileFormatError({
        path: file,
        message: `${file} has tensor "${name}" of shape [${tensor.shape.join(', ')}] where its configuration asks for [${shape.join(', ')}].`,
        hint: 'The file was converted wrongly or is damaged; fetch it again.',
      });
    }
  }
}

async function isDirectory(source: string): Promise<boolean> {
  return (await stat(source).catch(() => undefined))?.isDirectory() ?? false;
}
