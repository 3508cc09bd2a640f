/**
 * Rotations by Hadamard matrices, which spread a large value in one place over many places: rows whose values are of
 * similar size lose little when they are rounded to few bits. x · weightᵀ = (x·H) · (weight·H)ᵀ, since H is orthogonal
 * (Ashkboos et al. 2024, "QuaRot").
 *
 * Decoders need this: in a few dimensions a few tokens have activations hundreds of times as large as the others
 * ("attention sinks"), and with one scale for the row everything else would be rounded to zero. On SmolLM2-135M the
 * loss of the base model rose by .06 to .12 without rotation and changes by less than .01 with it. Gradients have such
 * rows too: rotating them lowers the loss by .003.
 */
import type { Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';
import { gemm } from './matrix.ts';
import { reshapeNode } from './shape.ts';

/**
 * Wider blocks spread better and cost more: at 64 a rotation takes a twentieth of the time of the products that it is
 * for.
 */
const widest = 64;

/** Each row of x, [rows, width], with every block of {@link hadamardBlock} neighbours rotated. No tape entry. */
export function hadamardRotated(x: Value): Value {
  const { graph } = x;
  const [rows, width] = x.shape as [Dimension, number];
  const block = hadamardBlock(width);
  if (block === 1) return x;
  const matrix = hadamardRotatedRows(identity(block), block);
  const blocks = reshapeNode(x, [`${rows}*${width / block}`, block]);
  const rotateBlocks = gemm(blocks, graph.constant('float32', [...matrix], [block, block]));
  return reshapeNode(rotateBlocks, [rows, width]);
}

/** A row-major [rows, width] matrix with its rows rotated in the same way. */
export function hadamardRotatedRows(matrix: Float32Array, width: number): Float32Array {
  return rotated(matrix, hadamardBlock(width), 1);
}

/** A row-major [rows, width] matrix with its columns rotated: the transpose of the rotated rows of its transpose. */
export function hadamardRotatedColumns(matrix: Float32Array, width: number): Float32Array {
  return rotated(matrix, hadamardBlock(matrix.length / width), width);
}

/** The fast Walsh–Hadamard transform of blocks whose elements are `stride` apart; `stride` blocks are interleaved. */
function rotated(matrix: Float32Array, block: number, stride: number): Float32Array {
  const result = Float32Array.from(matrix);
  for (let start = 0; start < result.length; start += block * stride)
    for (let half = stride; half < block * stride; half *= 2)
      for (let pair = start; pair < start + block * stride; pair += 2 * half)
        for (let at = pair; at < pair + half; at++) {
          const [a, b] = [result[at]!, result[at + half]!];
          result[at] = a + b;
          result[at + half] = a - b;
        }
  const norm = 1 / Math.sqrt(block);
  for (let at = 0; at < result.length; at++) result[at]! *= norm;
  return result;
}

/** The largest power of two, up to 64, that divides the width. */
export function hadamardBlock(width: number): number {
  let block = widest;
  while (width % block !== 0) block /= 2;
  return block;
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
}
