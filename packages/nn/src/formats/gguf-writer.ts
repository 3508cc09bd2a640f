import { writeFileAtomically } from './atomic-write.ts';
import type { GgufFile } from './gguf.ts';
import {
  defaultGgufAlignment,
  type GgmlType,
  type GgufValue,
  ggmlTypes,
  ggufValueTypes,
} from './gguf-types.ts';
import { refuseOverwriting } from './refuse-overwriting.ts';

/** A tensor to be written. */
export interface GgufTensorInput {
  name: string;
  /** Outermost dimension first, as in `GgufTensor`. */
  shape: readonly number[];
  type: GgmlType;
  /**
   * The tensor's blocks, little-endian. A function is called when the tensor is written, so that only one tensor at a
   * time is in memory.
   */
  data: ArrayBufferView | (() => Promise<ArrayBufferView>);
}

/**
 * Writes a GGUF file (version 3, little-endian) atomically.
 *
 * @param options.entries metadata, in the order in which it is written; `general.alignment` is honoured.
 * @throws RangeError when a tensor's data do not fit its shape, a name occurs twice, or a value does not fit its type;
 *   FileWriteError when the file cannot be written.
 */
export async function writeGguf(
  path: string,
  options: {
    entries: Iterable<readonly [string, GgufValue]>;
    tensors: readonly GgufTensorInput[];
    signal?: AbortSignal;
  },
): Promise<void> {
  const entries = new Map(options.entries);
  const alignment = Number(entries.get('general.alignment')?.value ?? defaultGgufAlignment);
  const header = new ByteWriter();
  header.bytes(Buffer.from('GGUF'));
  header.uint32(3);
  header.uint64(options.tensors.length);
  header.uint64(entries.size);
  for (const [key, entry] of entries) {
    header.string(key);
    header.uint32(ggufValueTypes.indexOf(entry.type));
    writeValue(header, entry, key);
  }
  const names = new Set<string>();
  let offset = 0;
  for (const { name, shape, type } of options.tensors) {
    if (names.has(name)) throw new RangeError(`The tensor name "${name}" is taken twice.`);
    names.add(name);
    if (shape.length > 4)
      throw new RangeError(`Tensor "${name}" has ${shape.length} dimensions, and GGUF takes 4.`);
    header.string(name);
    header.uint32(shape.length);
    for (const size of shape.toReversed()) header.uint64(size);
    header.uint32(ggmlTypes[type].id);
    header.uint64(offset);
    offset = roundUp(offset + byteLength(name, shape, type), alignment);
  }

  async function* chunks() {
    const head = header.take();
    yield head;
    yield new Uint8Array(roundUp(head.length, alignment) - head.length);
    for (const { name, shape, type, data } of options.tensors) {
      options.signal?.throwIfAborted();
      const view = typeof data === 'function' ? await data() : data;
      const expected = byteLength(name, shape, type);
      if (view.byteLength !== expected) {
        throw new RangeError(
          `Tensor "${name}" of shape [${shape}] and type ${type} needs ${expected} bytes and has ${view.byteLength}.`,
        );
      }
      yield new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      yield new Uint8Array(roundUp(expected, alignment) - expected);
    }
  }
  await writeFileAtomically(path, chunks());
}

/**
 * Writes the same model with every tensor dequantised to F32, one at a time. All metadata is kept except the file type.
 * Parity tests compare against this file, because from it llama.cpp computes with exactly the weights of the graph.
 *
 * @throws UnsupportedModelError for a quantisation that is not implemented; FileWriteError when the file cannot be
 *   written, or `path` is the source itself.
 */
export async function writeDequantizedGguf(
  source: GgufFile,
  path: string,
  options: { signal?: AbortSignal; onTensor?: (done: number, total: number) => void } = {},
): Promise<void> {
  await refuseOverwriting(path, { 'the source': source.path });
  const entries = new Map(source.entries);
  // LLAMA_FTYPE_ALL_F32
  if (entries.has('general.file_type')) entries.set('general.file_type', { type: 'UINT32', value: 0 });
  await writeGguf(path, {
    entries,
    signal: options.signal,
    tensors: source.tensors.map(({ name, shape }, index) => ({
      name,
      shape,
      type: 'F32',
      data: async () => {
        const values = await source.read(name);
        options.onTensor?.(index + 1, source.tensors.length);
        return values;
      },
    })),
  });
}

function byteLength(name: string, shape: readonly number[], type: GgmlType): number {
  const { blockSize, blockBytes } = ggmlTypes[type];
  const elements = shape.reduce((product, size) => product * size, 1);
  if ((shape.at(-1) ?? 1) % blockSize !== 0) {
    throw new RangeError(
      `Rows of ${shape.at(-1)} in tensor "${name}" do not divide into blocks of ${blockSize} (${type}).`,
    );
  }
  return (elements / blockSize) * blockBytes;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function writeValue(to: ByteWriter, entry: GgufValue, key: string): void {
  if (entry.type !== 'ARRAY') {
    to.bytes(scalarBytes(entry.type, entry.value, key));
    return;
  }
  to.uint32(ggufValueTypes.indexOf(entry.itemType));
  to.uint64(entry.value.length);
  for (const item of entry.value) {
    if (typeof item === 'object') writeValue(to, item, key);
    else to.bytes(scalarBytes(entry.itemType, item, key));
  }
}

function scalarBytes(type: string, value: string | number | bigint | boolean, key: string): Uint8Array {
  if (type === 'STRING' && typeof value === 'string') return stringBytes(value);
  if (type === 'BOOL' && typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const write = numberWriters[type];
    if (write) return write(value);
  }
  throw new RangeError(
    `Metadata entry "${key}" of type ${type} cannot hold ${typeof value} ${String(value)}.`,
  );
}

const numberWriter =
  (size: number, write: (bytes: Buffer, value: number) => void) => (value: number | bigint) => {
    const bytes = Buffer.alloc(size);
    write(bytes, Number(value));
    return bytes;
  };

/** Buffer's write methods throw a RangeError when a number does not fit. */
const numberWriters: Record<string, (value: number | bigint) => Buffer> = {
  UINT8: numberWriter(1, (bytes, value) => bytes.writeUInt8(value)),
  INT8: numberWriter(1, (bytes, value) => bytes.writeInt8(value)),
  UINT16: numberWriter(2, (bytes, value) => bytes.writeUInt16LE(value)),
  INT16: numberWriter(2, (bytes, value) => bytes.writeInt16LE(value)),
  UINT32: numberWriter(4, (bytes, value) => bytes.writeUInt32LE(value)),
  INT32: numberWriter(4, (bytes, value) => bytes.writeInt32LE(value)),
  FLOAT32: numberWriter(4, (bytes, value) => bytes.writeFloatLE(value)),
  FLOAT64: numberWriter(8, (bytes, value) => bytes.writeDoubleLE(value)),
  UINT64: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  },
  INT64: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
};

/** The length in bytes, then UTF-8. */
function stringBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([numberWriters.UINT64!(bytes.length), bytes]);
}

class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  uint32(value: number): void {
    this.bytes(numberWriters.UINT32!(value));
  }

  uint64(value: number): void {
    this.bytes(numberWriters.UINT64!(value));
  }

  string(text: string): void {
    this.bytes(stringBytes(text));
  }

  take(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
