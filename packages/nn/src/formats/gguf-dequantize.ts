import {
  bfloat16ToFloat32,
  bytesToFloat32,
  float64BytesToFloat32,
  halfToFloat32,
  halfToNumber,
} from './float-conversion.ts';
import { type GgmlType, ggmlTypes } from './gguf-types.ts';

/** Tensor types that {@link dequantize} converts to float32. */
export const dequantizableTypes: ReadonlySet<GgmlType> = new Set([
  'F32',
  'F16',
  'BF16',
  'F64',
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
]);

/**
 * Blocks of a GGUF tensor to float32, bit for bit what ggml's reference dequantisers give (ggml-quants.c,
 * `dequantize_row_*`): scales, integers and their products fit a float32 exactly, so only the last sum is rounded.
 *
 * @param bytes whole blocks; `bytes.length` is a multiple of the type's block size.
 * @throws RangeError for a type outside `dequantizableTypes`.
 */
export function dequantize(type: GgmlType, bytes: Uint8Array): Float32Array {
  switch (type) {
    case 'F32':
      return bytesToFloat32(bytes);
    case 'F16':
      return halfToFloat32(bytes);
    case 'BF16':
      return bfloat16ToFloat32(bytes);
    case 'F64':
      return float64BytesToFloat32(bytes);
  }
  const out = new Float32Array((bytes.length / ggmlTypes[type].blockBytes) * ggmlTypes[type].blockSize);
  dequantizeInto(type, bytes, out);
  return out;
}

/**
 * {@link dequantize} into an array of the right length, which can be used again: no memory is taken.
 * @throws RangeError for a type outside `dequantizableTypes`.
 */
export function dequantizeInto(type: GgmlType, bytes: Uint8Array, out: Float32Array): void {
  const dequantizeBlock = blockDequantizers[type];
  if (!dequantizeBlock) {
    if (!dequantizableTypes.has(type)) throw new RangeError(`${type} cannot be dequantised.`);
    out.set(dequantize(type, bytes));
    return;
  }
  const { blockSize, blockBytes } = ggmlTypes[type];
  for (let at = 0, to = 0; at < bytes.length; at += blockBytes, to += blockSize)
    dequantizeBlock(bytes, at, out, to);
}

/** Reads one block at `bytes[at]` and writes its elements from `out[to]`. */
type BlockDequantizer = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void;

const half = (bytes: Uint8Array, at: number) => halfToNumber(bytes[at]! | (bytes[at + 1]! << 8));
const signed = (byte: number) => (byte << 24) >> 24;

const blockDequantizers: Partial<Record<GgmlType, BlockDequantizer>> = {
  // Scale, then 32 nibbles: the low ones are elements 0–15, the high ones 16–31.
  Q4_0(bytes, at, out, to) {
    const d = half(bytes, at);
    for (let j = 0; j < 16; j++) {
      const q = bytes[at + 2 + j]!;
      out[to + j] = d * ((q & 15) - 8);
      out[to + j + 16] = d * ((q >> 4) - 8);
    }
  },

  Q4_1(bytes, at, out, to) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let j = 0; j < 16; j++) {
      const q = bytes[at + 4 + j]!;
      out[to + j] = d * (q & 15) + m;
      out[to + j + 16] = d * (q >> 4) + m;
    }
  },

  // As Q4_0, with each element's fifth bit in a 32-bit word of its own.
  Q5_0(bytes, at, out, to) {
    const d = half(bytes, at);
    // Bit j of `low` is bit 4 of element j, that of `high` of element j + 16.
    let low = (bytes[at + 2]! | (bytes[at + 3]! << 8)) << 4;
    let high = (bytes[at + 4]! | (bytes[at + 5]! << 8)) << 4;
    for (let j = 0; j < 16; j++) {
      const q = bytes[at + 6 + j]!;
      out[to + j] = d * (((q & 15) | (low & 16)) - 16);
      out[to + j + 16] = d * (((q >> 4) | (high & 16)) - 16);
      low >>= 1;
      high >>= 1;
    }
  },

  Q5_1(bytes, at, out, to) {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let j = 0; j < 16; j++) {
      const q = bytes[at + 8 + j]!;
      const low = (bytes[at + 4 + (j >> 3)]! >> (j & 7)) & 1;
      const high = (bytes[at + 6 + (j >> 3)]! >> (j & 7)) & 1;
      out[to + j] = d * ((q & 15) | (low << 4)) + m;
      out[to + j + 16] = d * ((q >> 4) | (high << 4)) + m;
    }
  },

  Q8_0(bytes, at, out, to) {
    const d = half(bytes, at);
    for (let j = 0; j < 32; j++) out[to + j] = d * signed(bytes[at + 2 + j]!);
  },

  // 16 groups of 16; a group's scale and minimum are the nibbles of one byte.
  Q2_K(bytes, at, out, to) {
    const d = half(bytes, at + 80);
    const minimum = half(bytes, at + 82);
    for (let group = 0; group < 16; group++) {
      const scale = bytes[at + group]!;
      const dl = d * (scale & 15);
      const ml = minimum * (scale >> 4);
      const quarter = at + 16 + 32 * (group >> 3) + 16 * (group & 1);
      const shift = 2 * ((group >> 1) & 3);
      for (let l = 0; l < 16; l++) out[to++] = dl * ((bytes[quarter + l]! >> shift) & 3) - ml;
    }
  },

  // High bits first (clear means minus 4), then 2-bit parts, then 16 scales of 6 bits, 32 added.
  Q3_K(bytes, at, out, to) {
    const d = half(bytes, at + 108);
    for (let group = 0; group < 16; group++) {
      const low = (bytes[at + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
      const high = (bytes[at + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
      const dl = d * ((low | (high << 4)) - 32);
      const quarter = at + 32 + 32 * (group >> 3) + 16 * (group & 1);
      const shift = 2 * ((group >> 1) & 3);
      const mask = 1 << (group >> 1);
      for (let l = 0; l < 16; l++) {
        const q = (bytes[quarter + l]! >> shift) & 3;
        out[to++] = dl * (bytes[at + 16 * (group & 1) + l]! & mask ? q : q - 4);
      }
    }
  },

  Q4_K(bytes, at, out, to) {
    const d = half(bytes, at);
    const minimum = half(bytes, at + 2);
    for (let group = 0; group < 8; group++) {
      const dl = d * groupScale(bytes, at + 4, group);
      const ml = minimum * groupMinimum(bytes, at + 4, group);
      const quarter = at + 16 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let l = 0; l < 32; l++) out[to++] = dl * ((bytes[quarter + l]! >> shift) & 15) - ml;
    }
  },

  Q5_K(bytes, at, out, to) {
    const d = half(bytes, at);
    const minimum = half(bytes, at + 2);
    for (let group = 0; group < 8; group++) {
      const dl = d * groupScale(bytes, at + 4, group);
      const ml = minimum * groupMinimum(bytes, at + 4, group);
      const quarter = at + 48 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let l = 0; l < 32; l++) {
        const q = ((bytes[quarter + l]! >> shift) & 15) | (((bytes[at + 16 + l]! >> group) & 1) << 4);
        out[to++] = dl * q - ml;
      }
    }
  },

  // Low nibbles, high pairs of bits, 16 signed scales, and the block's own scale at the end.
  Q6_K(bytes, at, out, to) {
    const d = half(bytes, at + 208);
    // Two halves of 128 elements: a byte's nibbles are 64 elements apart, the pairs of bits of a byte 32.
    for (let side = 0; side < 2; side++) {
      const [low, high, scales] = [at + 64 * side, at + 128 + 32 * side, at + 192 + 8 * side];
      for (let start = 0; start < 2; start++) {
        const first = d * signed(bytes[scales + start]!);
        const second = d * signed(bytes[scales + start + 2]!);
        const third = d * signed(bytes[scales + start + 4]!);
        const fourth = d * signed(bytes[scales + start + 6]!);
        const element = to + 128 * side + 16 * start;
        for (let l = 0; l < 16; l++) {
          const a = bytes[low + 16 * start + l]!;
          const b = bytes[low + 32 + 16 * start + l]!;
          const bits = bytes[high + 16 * start + l]!;
          out[element + l] = first * (((a & 15) | ((bits & 3) << 4)) - 32);
          out[element + l + 32] = second * (((b & 15) | ((bits & 12) << 2)) - 32);
          out[element + l + 64] = third * (((a >> 4) | (bits & 48)) - 32);
          out[element + l + 96] = fourth * (((b >> 4) | ((bits & 192) >> 2)) - 32);
        }
      }
    }
  },
};

/** Eight scales and eight minima of 6 bits in the 12 bytes that Q4_K and Q5_K share (`get_scale_min_k4`). */
function groupScale(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group]! & 63;
  return (bytes[at + group + 4]! & 15) | ((bytes[at + group - 4]! >> 6) << 4);
}

function groupMinimum(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group + 4]! & 63;
  return (bytes[at + group + 4]! >> 4) | ((bytes[at + group]! >> 6) << 4);
}
