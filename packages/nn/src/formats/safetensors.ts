import { FileFormatError } from '../errors/file-format-error.ts';
import { writeFileAtomically } from './atomic-write.ts';
import {
  bfloat16ToFloat32,
  bytesToFloat32,
  float64BytesToFloat32,
  halfToFloat32,
} from './float-conversion.ts';
import { RandomAccessFile } from './random-access-file.ts';

/** Bytes of one element. Order and names follow the format's specification (huggingface/safetensors, "Format"). */
const elementSizes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;
/** Number formats of a tensor's elements. */
export type SafetensorsDtype = keyof typeof elementSizes;

/** Where a tensor is in a safetensors file, and its form. */
export interface SafetensorsTensor {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  /** Bytes from the beginning of the *file*, so that ONNX external data can point here. Little-endian, row-major. */
  offset: number;
  byteLength: number;
}

/** The largest header the reference implementation accepts. */
const maxHeaderBytes = 100_000_000;

/**
 * A safetensors file open for reading. Opening reads only the header; each tensor is read when it is asked for.
 *
 *     await using file = await SafetensorsFile.open('model.safetensors');
 *     const weight = await file.read('embeddings.word_embeddings.weight');
 */
export class SafetensorsFile implements AsyncDisposable {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** The header's `__metadata__`. */
  readonly metadata: Record<string, string>;
  readonly #file: RandomAccessFile;

  private constructor(
    file: RandomAccessFile,
    tensors: Map<string, SafetensorsTensor>,
    metadata: Record<string, string>,
  ) {
    this.#file = file;
    this.path = file.path;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * @throws FileFormatError for a missing, truncated or damaged file; the message names the tensor and what is wrong
   *   with it.
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await RandomAccessFile.open(path);
    try {
      const { tensors, metadata } = await readHeader(file);
      return new SafetensorsFile(file, tensors, metadata);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * A floating-point tensor as float32, row-major (F16 and BF16 are converted exactly, F64 is rounded).
   * @throws FileFormatError when there is no such tensor or it holds integers: read those with `readBytes`.
   */
  async read(name: string): Promise<Float32Array> {
    const { dtype } = this.#find(name);
    const convert = floatReaders[dtype];
    if (!convert) {
      throw new FileFormatError({
        path: this.path,
        message: `Tensor "${name}" in ${this.path} holds ${dtype}, which is not read as float32.`,
        hint: 'Read its bytes instead.',
      });
    }
    return convert(await this.readBytes(name));
  }

  /** The tensor's bytes as they are in the file. */
  async readBytes(name: string): Promise<Uint8Array> {
    const { offset, byteLength } = this.#find(name);
    return this.#file.read(offset, byteLength);
  }

  #find(name: string): SafetensorsTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) {
      throw new FileFormatError({
        path: this.path,
        message: `${this.path} has no tensor "${name}" (it has ${this.tensors.size} others).`,
        hint: 'The file belongs to another kind of model.',
      });
    }
    return tensor;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/** A tensor to be written. */
export interface SafetensorsInput {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
  /** Little-endian elements, row-major: a typed array of that dtype (F16 and BF16 as their bits) or its bytes. */
  data: ArrayBufferView;
}

/**
 * Writes a safetensors file atomically. Tensors with wider elements come first, so that every tensor is aligned to the
 * size of its elements.
 * @throws RangeError when data and shape do not agree or a name occurs twice; FileWriteError when the file cannot be
 *   written.
 */
export async function writeSafetensors(
  path: string,
  inputs: Iterable<SafetensorsInput>,
  metadata: Record<string, string> = {},
): Promise<void> {
  const sorted = [...inputs].sort(
    (a, b) => elementSizes[b.dtype] - elementSizes[a.dtype] || (a.name < b.name ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const { name, dtype, shape, data } of sorted) {
    const expected = shape.reduce((product, size) => product * size, 1) * elementSizes[dtype];
    if (data.byteLength !== expected) {
      throw new RangeError(
        `Tensor "${name}" of shape [${shape}] and dtype ${dtype} needs ${expected} bytes and has ${data.byteLength}.`,
      );
    }
    if (name in header || name === '__metadata__') {
      throw new RangeError(`The tensor name "${name}" is taken twice or reserved.`);
    }
    header[name] = { dtype, shape, data_offsets: [end, (end += expected)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  // Padded with spaces, as in the reference implementation, so that the data starts at a multiple of 8.
  const headerBytes = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  headerBytes.writeBigUInt64LE(BigInt(headerBytes.length - 8));
  json.copy(headerBytes, 8);
  await writeFileAtomically(path, [
    headerBytes,
    ...sorted.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

const floatReaders: Partial<Record<SafetensorsDtype, (bytes: Uint8Array) => Float32Array>> = {
  F32: bytesToFloat32,
  F16: halfToFloat32,
  BF16: bfloat16ToFloat32,
  F64: float64BytesToFloat32,
};

async function readHeader(file: RandomAccessFile) {
  const { path } = file;
  const refetch = 'Fetch or write the file again.';
  const fail = (message: string, hint = refetch, cause?: unknown): never => {
    throw new FileFormatError({ path, message: `${path} ${message}.`, hint, cause });
  };
  if (file.size < 8) fail(`has ${file.size} bytes and cannot be a safetensors file`);
  const length = Buffer.from(await file.read(0, 8)).readBigUInt64LE();
  if (length > maxHeaderBytes) {
    fail(
      'is not a safetensors file: its first 8 bytes are not the length of a header',
      'Check that it is the right file; if so, fetch it again.',
    );
  }
  const headerLength = Number(length);
  const dataStart = 8 + headerLength;
  if (dataStart > file.size)
    fail(`is cut short: its header should have ${headerLength} bytes, the file has ${file.size}`);

  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.read(8, headerLength));
    header = JSON.parse(text);
  } catch (cause) {
    if (FileFormatError.isInstance(cause)) throw cause;
    fail('has a damaged header: it is not JSON', refetch, cause);
  }
  if (!isRecord(header)) return fail('has a damaged header: it is not a JSON object');

  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    fail('has a damaged header: __metadata__ must map strings to strings');
  }
  const tensors = Object.entries(entries).map(([name, entry]): SafetensorsTensor => {
    if (!isRecord(entry)) return fail(`describes tensor "${name}" by something that is not an object`);
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== 'string' || !Object.hasOwn(elementSizes, dtype)) {
      return fail(
        `holds tensor "${name}" in the unknown number format ${JSON.stringify(dtype)}`,
        'Convert it to F32, F16 or BF16.',
      );
    }
    if (!isSizes(shape)) return fail(`gives tensor "${name}" the impossible shape ${JSON.stringify(shape)}`);
    if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
      return fail(`gives tensor "${name}" the impossible offsets ${JSON.stringify(offsets)}`);
    }
    const [begin, end] = offsets as [number, number];
    const expected =
      shape.reduce((product, size) => product * size, 1) * elementSizes[dtype as SafetensorsDtype];
    if (end - begin !== expected) {
      fail(
        `gives tensor "${name}" ${end - begin} bytes where shape [${shape}] of ${dtype} needs ${expected}`,
      );
    }
    if (dataStart + end > file.size) {
      fail(`is cut short: tensor "${name}" should end at byte ${dataStart + end}, the file has ${file.size}`);
    }
    return { name, dtype: dtype as SafetensorsDtype, shape, offset: dataStart + begin, byteLength: expected };
  });

  // The format allows neither overlaps nor gaps: either one means that the header does not belong to the data.
  let end = dataStart;
  let previous = 'the header';
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)) {
    if (tensor.offset < end) fail(`lets tensor "${tensor.name}" overlap "${previous}"`);
    if (tensor.offset > end)
      fail(`has ${tensor.offset - end} bytes before tensor "${tensor.name}" that belong to none`);
    end = tensor.offset + tensor.byteLength;
    previous = tensor.name;
  }
  if (end !== file.size) fail(`has ${file.size - end} bytes after its last tensor that belong to none`);

  return {
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    metadata: metadata as Record<string, string>,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
