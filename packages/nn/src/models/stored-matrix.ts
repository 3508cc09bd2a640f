import { dequantizeInto } from '../formats/gguf-dequantize.ts';
import { type GgmlType, ggmlTypes } from '../formats/gguf-types.ts';

/** A matrix as its file stores it: whole blocks, row by row. An eighth to the whole of its size in float32. */
export interface StoredMatrix {
  /** Of safetensors: F32, F16, BF16 or F64, which GGUF has under the same names. */
  type: GgmlType;
  bytes: Uint8Array;
  rows: number;
  columns: number;
}

/** A float32 matrix in memory as a stored one; the memory is shared. */
export function storedFloat32(values: Float32Array, [rows, columns]: readonly number[]): StoredMatrix {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { type: 'F32', bytes, rows: rows!, columns: columns! };
}

/** The rows `[from, to)` of the matrix in float32, written to the beginning of `out`. Exact. */
export function readRows(matrix: StoredMatrix, from: number, to: number, out: Float32Array): void {
  const stride = rowBytes(matrix);
  dequantizeInto(
    matrix.type,
    matrix.bytes.subarray(from * stride, to * stride),
    out.subarray(0, (to - from) * matrix.columns),
  );
}

/**
 * The whole matrix in float32. A matrix that is stored as float32 is returned as it lies, where it is aligned; any
 * other is written to `scratch`, or to a new array.
 */
export function readMatrix(matrix: StoredMatrix, scratch?: () => Float32Array): Float32Array {
  const { type, bytes, rows, columns } = matrix;
  if (type === 'F32' && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, rows * columns);
  const out = scratch?.() ?? new Float32Array(rows * columns);
  dequantizeInto(type, bytes, out);
  return out;
}

/** The matrix with its rows in another order: row `row` of the result is row `from(row)`. Its blocks are not changed. */
export function withRows(matrix: StoredMatrix, from: (row: number) => number): StoredMatrix {
  const stride = rowBytes(matrix);
  const bytes = new Uint8Array(matrix.bytes.length);
  for (let row = 0; row < matrix.rows; row++) {
    const start = from(row) * stride;
    bytes.set(matrix.bytes.subarray(start, start + stride), row * stride);
  }
  return { ...matrix, bytes };
}

function rowBytes({ type, columns }: StoredMatrix): number {
  const { blockSize, blockBytes } = ggmlTypes[type];
  return (columns / blockSize) * blockBytes;
}
