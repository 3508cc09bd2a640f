import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { dequantizableTypes, dequantize } from './gguf-dequantize.ts';
import {
  defaultGgufAlignment,
  type GgmlType,
  type GgufPlainValue,
  type GgufValue,
  type GgufValueType,
  ggmlTypeById,
  ggmlTypes,
  ggufValueTypes,
} from './gguf-types.ts';
import { RandomAccessFile } from './random-access-file.ts';

/** Where a tensor is in a GGUF file, and its form. */
export interface GgufTensor {
  name: string;
  /** Outermost dimension first: a linear layer is `[out, in]`. (In the file the order is reversed.) */
  shape: number[];
  type: GgmlType;
  /** Bytes from the beginning of the file. */
  offset: number;
  byteLength: number;
}

/**
 * A GGUF file (version 2 or 3, little-endian) open for reading. Opening reads the header; each tensor is read when it
 * is asked for.
 *
 *     await using gguf = await openGguf('model.gguf');
 *     const layers = gguf.metadata.get('llama.block_count');
 *     const weight = await gguf.read('blk.0.attn_q.weight'); // float32, row-major [out, in]
 */
export class GgufFile implements AsyncDisposable {
  readonly path: string;
  readonly version: number;
  /** Values by key, in the file's order. 64-bit integers beyond 2^53 are bigints. */
  readonly metadata: ReadonlyMap<string, GgufPlainValue>;
  /** The same values with their types, for writing them to another file. */
  readonly entries: ReadonlyMap<string, GgufValue>;
  /** In the file's order. */
  readonly tensors: readonly GgufTensor[];
  readonly #file: RandomAccessFile;
  readonly #byName: Map<string, GgufTensor>;

  /** Use `openGguf`. */
  constructor(file: RandomAccessFile, header: GgufHeader) {
    this.#file = file;
    this.path = file.path;
    this.version = header.version;
    this.entries = header.entries;
    this.metadata = new Map([...header.entries].map(([key, entry]) => [key, plainValue(entry)]));
    this.tensors = header.tensors;
    this.#byName = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** @throws FileFormatError when there is no such tensor. */
  tensor(name: string): GgufTensor {
    const tensor = this.#byName.get(name);
    if (!tensor) {
      throw new FileFormatError({
        path: this.path,
        message: `${this.path} has no tensor "${name}" (it has ${this.tensors.length} others).`,
        hint: 'The file belongs to another kind of model, or its converter named tensors differently.',
      });
    }
    return tensor;
  }

  /**
   * The tensor dequantised to float32, row-major in the order of `shape`.
   * @throws UnsupportedModelError for a quantisation that is not implemented.
   */
  async read(name: string): Promise<Float32Array> {
    const { type } = this.tensor(name);
    if (!dequantizableTypes.has(type)) {
      throw new UnsupportedModelError({
        feature: type,
        message: `Tensor "${name}" in ${this.path} is stored as ${type}, which cannot be dequantised here.`,
        hint: `Use a file quantised as one of ${[...dequantizableTypes].join(', ')}.`,
      });
    }
    return dequantize(type, await this.readBytes(name));
  }

  /** The tensor's blocks as they are in the file. */
  async readBytes(name: string): Promise<Uint8Array> {
    const { offset, byteLength } = this.tensor(name);
    return this.#file.read(offset, byteLength);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/**
 * Opens a GGUF file; dispose of it when done.
 * @throws FileFormatError for a missing, truncated or damaged file; the message says where it stops making sense.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const file = await RandomAccessFile.open(path);
  try {
    // Headers hold the vocabulary, some megabytes. Parsing is synchronous, which is fast: when the bytes read so far do
    // not suffice, it starts again with four times as many.
    for (let length = Math.min(file.size, 4 << 20); ; length = Math.min(file.size, length * 4)) {
      const header = parseHeader(await file.read(0, length), file);
      if (header) return new GgufFile(file, header);
    }
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

interface GgufHeader {
  version: number;
  entries: Map<string, GgufValue>;
  tensors: GgufTensor[];
}

class OutOfBytes extends Error {}

/** Undefined when `bytes` end before the header does and the file has more. */
function parseHeader(bytes: Uint8Array, file: RandomAccessFile): GgufHeader | undefined {
  const { path } = file;
  const fail = (message: string, hint = 'Fetch or write the file again.'): never => {
    throw new FileFormatError({ path, message: `${path} ${message}.`, hint });
  };
  if (bytes.length < 24 || String.fromCharCode(...bytes.subarray(0, 4)) !== 'GGUF') {
    fail('is not a GGUF file', 'Check that it is the right file; if so, fetch it again.');
  }
  const cursor = new Cursor(bytes, file.size, fail);
  const version = cursor.uint32();
  if (version === 1) fail('is of GGUF version 1', 'Convert the model again with a current llama.cpp.');
  if (version !== 2 && version !== 3) {
    const swapped = (version & 0xffff) === 0;
    fail(
      swapped
        ? 'is a big-endian GGUF file'
        : `claims GGUF version ${version}, and versions 2 and 3 are known`,
      swapped ? 'Use the little-endian file.' : 'Fetch the file again, or update @tandem/nn.',
    );
  }
  try {
    const tensorCount = cursor.count('tensors', 24);
    const entryCount = cursor.count('metadata entries', 13);

    const entries = new Map<string, GgufValue>();
    for (let i = 0; i < entryCount; i++) {
      const key = cursor.string(`the key of metadata entry ${i}`);
      if (entries.has(key)) fail(`has the metadata key "${key}" twice`);
      entries.set(key, cursor.value(cursor.valueType(key), key));
    }

    const alignment = entries.get('general.alignment')?.value ?? defaultGgufAlignment;
    if (typeof alignment !== 'number' || alignment < 1 || !Number.isInteger(Math.log2(alignment))) {
      return fail(`gives the impossible alignment ${alignment}`);
    }

    const relative: { name: string; shape: number[]; type: GgmlType; offset: number; byteLength: number }[] =
      [];
    const names = new Set<string>();
    for (let i = 0; i < tensorCount; i++) {
      const name = cursor.string(`the name of tensor ${i}`);
      if (names.has(name)) fail(`has the tensor "${name}" twice`);
      names.add(name);
      const dimensions = cursor.uint32();
      if (dimensions > 4)
        fail(`gives tensor "${name}" ${dimensions} dimensions, and 4 is the most there can be`);
      const shape: number[] = [];
      for (let d = 0; d < dimensions; d++) shape.unshift(cursor.size(`a dimension of tensor "${name}"`));
      const typeId = cursor.uint32();
      const type = ggmlTypeById.get(typeId);
      if (!type)
        return fail(
          `stores tensor "${name}" in the unknown type ${typeId}`,
          'Use a file with a common quantisation such as Q4_K_M or Q8_0.',
        );
      const offset = cursor.size(`the offset of tensor "${name}"`);
      if (offset % alignment !== 0)
        fail(`has tensor "${name}" at offset ${offset}, which is not a multiple of ${alignment}`);
      const { blockSize, blockBytes } = ggmlTypes[type];
      const row = shape.at(-1) ?? 1;
      if (row % blockSize !== 0)
        fail(
          `has rows of ${row} in tensor "${name}", which do not divide into the ${blockSize} elements of a ${type} block`,
        );
      const elements = shape.reduce((product, size) => product * size, 1);
      relative.push({ name, shape, type, offset, byteLength: (elements / blockSize) * blockBytes });
    }

    const dataStart = Math.ceil(cursor.position / alignment) * alignment;
    const tensors = relative.map((tensor) => ({ ...tensor, offset: dataStart + tensor.offset }));
    let end = dataStart;
    let previous = '';
    for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)) {
      if (tensor.offset < end) fail(`lets tensor "${tensor.name}" overlap "${previous}"`);
      end = tensor.offset + tensor.byteLength;
      previous = tensor.name;
    }
    if (end > file.size && tensors.length > 0) {
      fail(
        `is cut short: its last tensor "${previous}" should end at byte ${end}, the file has ${file.size}`,
        'Fetch it again; the download was probably interrupted.',
      );
    }
    return { version, entries, tensors };
  } catch (error) {
    if (!(error instanceof OutOfBytes)) throw error;
    return undefined;
  }
}

/** Reads little-endian values one after another; throws OutOfBytes at the end of the bytes that it was given. */
class Cursor {
  position = 4;
  readonly #bytes: Buffer;
  readonly #fileSize: number;
  readonly #fail: (message: string) => never;

  constructor(bytes: Uint8Array, fileSize: number, fail: (message: string) => never) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
    this.#fail = fail;
  }

  #take(length: number): number {
    const at = this.position;
    if (at + length > this.#fileSize) {
      this.#fail(`is cut short: it ends at byte ${this.#fileSize}, inside its header`);
    }
    if (at + length > this.#bytes.length) throw new OutOfBytes();
    this.position = at + length;
    return at;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  #uint64(): number | bigint {
    const value = this.#bytes.readBigUInt64LE(this.#take(8));
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  size(what: string): number {
    const value = this.#uint64();
    return typeof value === 'number' ? value : this.#fail(`is damaged: ${what} is ${value}`);
  }

  /** A count of things of at least `minimumBytes` each; a count that the file cannot hold means that it is damaged. */
  count(what: string, minimumBytes: number): number {
    const value = this.#uint64();
    if (typeof value !== 'number' || value * minimumBytes > this.#fileSize - this.position) {
      return this.#fail(
        `is damaged or cut short: it claims ${value} ${what}, more than its ${this.#fileSize} bytes can hold`,
      );
    }
    return value;
  }

  string(what: string): string {
    const length = this.count(`bytes for ${what}`, 1);
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  valueType(key: string): GgufValueType {
    const id = this.uint32();
    return ggufValueTypes[id] ?? this.#fail(`is damaged: metadata entry "${key}" has the unknown type ${id}`);
  }

  value(type: GgufValueType, key: string, depth = 0): GgufValue {
    if (type !== 'ARRAY') return { type, value: this.#scalar(type, key) };
    if (depth > 8) this.#fail(`is damaged: metadata entry "${key}" nests arrays more than 8 deep`);
    const itemType = this.valueType(key);
    const length = this.count(`items of "${key}"`, minimumBytes[itemType]);
    const value: (string | number | bigint | boolean | GgufValue)[] = [];
    for (let i = 0; i < length; i++) {
      value.push(itemType === 'ARRAY' ? this.value('ARRAY', key, depth + 1) : this.#scalar(itemType, key));
    }
    return { type, itemType, value };
  }

  #scalar(type: Exclude<GgufValueType, 'ARRAY'>, key: string): string | number | bigint | boolean {
    const bytes = this.#bytes;
    switch (type) {
      case 'UINT8':
        return bytes.readUInt8(this.#take(1));
      case 'INT8':
        return bytes.readInt8(this.#take(1));
      case 'UINT16':
        return bytes.readUInt16LE(this.#take(2));
      case 'INT16':
        return bytes.readInt16LE(this.#take(2));
      case 'UINT32':
        return this.uint32();
      case 'INT32':
        return bytes.readInt32LE(this.#take(4));
      case 'FLOAT32':
        return bytes.readFloatLE(this.#take(4));
      case 'BOOL':
        return bytes.readUInt8(this.#take(1)) !== 0;
      case 'STRING':
        return this.string(`metadata entry "${key}"`);
      case 'UINT64':
        return this.#uint64();
      case 'INT64': {
        const value = bytes.readBigInt64LE(this.#take(8));
        return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      }
      case 'FLOAT64':
        return bytes.readDoubleLE(this.#take(8));
    }
  }
}

const minimumBytes: Record<GgufValueType, number> = {
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  UINT32: 4,
  INT32: 4,
  FLOAT32: 4,
  BOOL: 1,
  STRING: 8,
  ARRAY: 12,
  UINT64: 8,
  INT64: 8,
  FLOAT64: 8,
};

function plainValue(entry: GgufValue): GgufPlainValue {
  if (entry.type !== 'ARRAY') return entry.value;
  return entry.value.map((item) => (typeof item === 'object' ? plainValue(item) : item));
}
