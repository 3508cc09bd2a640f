import { type GgmlType, ggmlTypes } from './gguf-types.ts';

/**
 * Types in which float32 values can be written. K-quants need a search for the best scales, which is left to llama.cpp.
 */
export const quantizableTypes = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1'] as const;
export type QuantizableType = (typeof quantizableTypes)[number];

export function isQuantizable(type: GgmlType): type is QuantizableType {
  return (quantizableTypes as readonly string[]).includes(type);
}

/**
 * Values as the blocks of a type, rounded as by the reference quantisers of ggml (`ggml-quants.c`,
 * `quantize_row_*_ref`).
 */
export function quantize(type: QuantizableType, values: Float32Array): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (type === 'F16') return bits16(values, numberToHalf);
  if (type === 'BF16') return bits16(values, numberToBfloat16);
  const { blockSize, blockBytes } = ggmlTypes[type];
  const bytes = new Uint8Array((values.length / blockSize) * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block * blockSize < values.length; block++) {
    blockWriters[type](values.subarray(block * blockSize, (block + 1) * blockSize), view, block * blockBytes);
  }
  return bytes;
}

/** The bits of the nearest half-precision number (ties to even); what is too large becomes infinite. */
export function numberToHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal, in units of 2^-24. Rounded to the nearest integer, ties to even.
    const units = Math.abs(single[0]!) * 2 ** 24;
    const low = Math.floor(units);
    const up = units - low > 0.5 || (units - low === 0.5 && low % 2 === 1) ? 1 : 0;
    return sign | (low + up);
  }
  const rounded = magnitude + 0x0fff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

function numberToBfloat16(value: number): number {
  single[0] = value;
  const bits = singleBits[0]!;
  if (Number.isNaN(value)) return (bits >>> 16) | 64;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

function bits16(values: Float32Array, convert: (value: number) => number): Uint8Array {
  const bits = Uint16Array.from(values, convert);
  return new Uint8Array(bits.buffer);
}

const blockWriters: Record<
  'Q8_0' | 'Q4_0' | 'Q4_1',
  (values: Float32Array, to: DataView, at: number) => void
> = {
  Q8_0(values, to, at) {
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    to.setUint16(at, numberToHalf(scale), true);
    values.forEach((value, index) => {
      const scaled = Math.fround(value * inverse);
      // roundf: halves away from zero.
      to.setInt8(at + 2 + index, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
    });
  },
  Q4_0(values, to, at) {
    // The value of the largest magnitude is represented exactly, by -8.
    let extreme = 0;
    for (const value of values) if (Math.abs(value) > Math.abs(extreme)) extreme = value;
    const scale = Math.fround(extreme / -8);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    to.setUint16(at, numberToHalf(scale), true);
    writeNibbles(values, to, at + 2, (value) => Math.fround(Math.fround(value * inverse) + 8.5));
  },
  Q4_1(values, to, at) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = Math.fround(Math.fround(high - low) / 15);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    to.setUint16(at, numberToHalf(scale), true);
    to.setUint16(at + 2, numberToHalf(low), true);
    writeNibbles(values, to, at + 4, (value) =>
      Math.fround(Math.fround(Math.fround(value - low) * inverse) + 0.5),
    );
  },
};

/** Element j in the low half of byte j, element j + 16 in its high half. */
function writeNibbles(
  values: Float32Array,
  to: DataView,
  at: number,
  level: (value: number) => number,
): void {
  const of = (index: number) => Math.min(15, Math.trunc(level(values[index]!)));
  for (let index = 0; index < 16; index++) to.setUint8(at + index, of(index) | (of(index + 16) << 4));
}
