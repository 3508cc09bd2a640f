import { stat } from 'node:fs/promises';
import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import { dequantizableTypes } from '../formats/gguf-dequantize.ts';
import { readJsonFile } from '../formats/json-file.ts';
import { SafetensorsFolder, safetensorsFiles } from '../formats/safetensors-folder.ts';
import {
  type DecoderConfig,
  type DecoderModel,
  type DecoderTensor,
  decoderTensors,
} from './decoder-config.ts';
import { decoderFamilies, readConfigFromGguf, readConfigJson } from './families/index.ts';
import { familiesHint } from './families/settings.ts';
import { readMatrix, type StoredMatrix, storedFloat32, withRows } from './stored-matrix.ts';

/**
 * Reads a decoder into float32, from a GGUF file or a Hugging Face folder (config.json and safetensors). A quantised
 * GGUF is dequantised exactly.
 *
 * @throws UnsupportedModelError where the architecture, a setting or a tensor's type is not implemented, before any
 *   weight is read. FileFormatError where a file is missing or damaged, or its tensors do not fit its settings.
 */
export async function loadDecoder(source: GgufFile | string): Promise<DecoderModel> {
  await using decoder = await openDecoder(source);
  const weights = new Map<string, Float32Array>();
  for (const tensor of decoder.tensors) {
    weights.set(
      tensor.name,
      tensor.shape.length === 1
        ? await decoder.readVector(tensor)
        : readMatrix(await decoder.readMatrix(tensor)),
    );
  }
  return { config: decoder.config, weights };
}

/** A decoder's settings, after all the checks of {@link loadDecoder} but without reading its weights. */
export async function readDecoderConfig(source: GgufFile | string): Promise<DecoderConfig> {
  await using decoder = await openDecoder(source);
  return decoder.config;
}

/** A decoder whose settings and tensors have been checked, open for reading one tensor after the other. */
export interface OpenDecoder extends AsyncDisposable {
  config: DecoderConfig;
  tensors: readonly DecoderTensor[];
  /** A gain or bias, as Hugging Face's implementation uses it. */
  readVector(tensor: DecoderTensor): Promise<Float32Array>;
  /** Any other tensor, with its rows in Hugging Face's order. */
  readMatrix(tensor: DecoderTensor): Promise<StoredMatrix>;
  /** Its bytes in the file. */
  storedBytes(tensor: DecoderTensor): number;
}

/** Opens a decoder in a file or folder, or one in memory. Errors are those of {@link loadDecoder}. */
export async function openDecoder(source: GgufFile | string | DecoderModel): Promise<OpenDecoder> {
  if (typeof source !== 'string') {
    return 'weights' in source ? openDecoderInMemory(source) : await openDecoderInGguf(source);
  }
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

function openDecoderInMemory({ config, weights }: DecoderModel): OpenDecoder {
  return {
    config,
    tensors: decoderTensors(config),
    readVector: async ({ name }) => weights.get(name)!,
    readMatrix: async ({ name, shape }) => storedFloat32(weights.get(name)!, shape),
    storedBytes: ({ name }) => weights.get(name)!.byteLength,
    async [Symbol.asyncDispose]() {},
  };
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

/** The row in GGUF's interleaved order that is row `row` in Hugging Face's. */
function interleavedRow(row: number, headWidth: number): number {
  const [inHead, half] = [row % headWidth, headWidth / 2];
  return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
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
    async readVector({ gguf, kind }) {
      const values = await file.read(gguf);
      if (kind !== 'rotated' || rotaryRows === 'halves') return values;
      return rowsFromInterleaved(values, config.headWidth, 1);
    },
    async readMatrix({ gguf, kind, shape: [rows, columns] }) {
      const { type } = file.tensor(gguf);
      const matrix = { type, bytes: await file.readBytes(gguf), rows: rows!, columns: columns! };
      if (kind !== 'rotated' || rotaryRows === 'halves') return matrix;
      return withRows(matrix, (row) => interleavedRow(row, config.headWidth));
    },
    storedBytes: ({ gguf }) => file.tensor(gguf).byteLength,
    async [Symbol.asyncDispose]() {},
  };
}

const readableDtypes = new Set(['F32', 'F16', 'BF16', 'F64'] as const);
type ReadableDtype = typeof readableDtypes extends Set<infer Dtype> ? Dtype : never;

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
      readable: readableDtypes as ReadonlySet<string>,
    });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
  const { gainsLessOne } = decoderFamilies[config.family];
  return {
    config,
    tensors,
    async readVector({ name, kind }) {
      const values = await files.read(name);
      if (gainsLessOne && kind === 'gain') {
        for (let index = 0; index < values.length; index++) values[index]! += 1;
      }
      return values;
    },
    async readMatrix({ name, shape: [rows, columns] }) {
      const type = files.tensors.get(name)!.dtype as ReadableDtype;
      return { type, bytes: await files.readBytes(name), rows: rows!, columns: columns! };
    },
    storedBytes: ({ name }) => files.tensors.get(name)!.byteLength,
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
