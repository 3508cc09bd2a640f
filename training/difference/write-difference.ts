/** A trained cross-encoder as a low-rank difference from its base, in half precision: what `CrossEncoder.load` reads as `difference`. */
import { join } from 'node:path';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '@tandem/nn';
import { numberToHalf } from '../../packages/nn/src/formats/gguf-quantize.ts';
import { seededRandom } from '../../packages/nn/src/graph/seeded-random.ts';

export interface DifferenceOptions {
  /** Folder of the model that training began with. */
  base: string;
  /** Folder of the trained cross-encoder. */
  trained: string;
  /** Of each matrix's change. */
  rank: number;
  maxTokens: number;
  metadata?: Record<string, string>;
}

/** Of all changed matrices together: the share of the change's sum of squares that so low a rank holds. */
export interface Truncation {
  kept: number;
}

/** Writes the difference to `file`; tensors that did not change are not in it. */
export async function writeDifference(
  file: string,
  { base, trained, rank, maxTokens, metadata }: DifferenceOptions,
): Promise<Truncation> {
  await using before = await SafetensorsFile.open(join(base, 'model.safetensors'));
  await using after = await SafetensorsFile.open(join(trained, 'model.safetensors'));
  const written: SafetensorsInput[] = [];
  const squares = { all: 0, kept: 0 };
  for (const { name: stored, shape, dtype } of after.tensors.values()) {
    if (!/^F/.test(dtype)) continue;
    const name = stored.replace(/^bert\./, '');
    const now = await after.read(stored);
    if (!before.tensors.has(name)) {
      written.push(asHalf(name, shape, now));
      continue;
    }
    const then = await before.read(name);
    const change = now.map((value, at) => value - then[at]!);
    if (change.every((value) => value === 0)) continue;
    const [out = 0, into = 1] = shape;
    if (shape.length === 2 && rank * (out + into) < out * into) {
      const { b, a } = truncate(change, [out, into], rank);
      squares.all += sumOfSquares(change);
      // The rows of a are of length 1 and stand square to each other.
      squares.kept += sumOfSquares(b);
      // Halves are exact to the same share at any size, and not below 6e-5.
      const scale = Math.sqrt(largest(b) / largest(a)) || 1;
      written.push(
        asHalf(
          `${name}.b`,
          [out, rank],
          b.map((value) => value / scale),
        ),
        asHalf(
          `${name}.a`,
          [rank, into],
          a.map((value) => value * scale),
        ),
      );
    } else written.push(asHalf(`${name}.added`, shape, change));
  }
  await writeSafetensors(file, written, {
    ...metadata,
    activation: 'sigmoid',
    maxTokens: String(maxTokens),
  });
  return { kept: squares.all === 0 ? 1 : squares.kept / squares.all };
}

/**
 * The best b · a of a rank for a matrix [out, in], by subspace iteration (Halko et al. 2011, algorithm 4.4): a's rows span what the matrix
 * changes most.
 */
function truncate(
  matrix: Float32Array,
  [out, into]: [number, number],
  rank: number,
): { b: Float32Array; a: Float32Array } {
  const random = seededRandom(1);
  let a = Float32Array.from({ length: rank * into }, () => random() - 0.5);
  let b = new Float32Array(out * rank);
  orthonormalise(a, rank, into);
  for (let round = 0; round < 10; round++) {
    b = timesTransposed(matrix, a, { out, into, rank });
    a = new Float32Array(rank * into);
    for (let row = 0; row < out; row++)
      for (let r = 0; r < rank; r++) {
        const factor = b[row * rank + r]!;
        for (let column = 0; column < into; column++)
          a[r * into + column]! += factor * matrix[row * into + column]!;
      }
    orthonormalise(a, rank, into);
  }
  return { b: timesTransposed(matrix, a, { out, into, rank }), a };
}

/** matrix · aᵀ, [out, rank]. */
function timesTransposed(
  matrix: Float32Array,
  a: Float32Array,
  { out, into, rank }: { out: number; into: number; rank: number },
): Float32Array<ArrayBuffer> {
  const product = new Float32Array(out * rank);
  for (let row = 0; row < out; row++)
    for (let r = 0; r < rank; r++) {
      let sum = 0;
      for (let column = 0; column < into; column++)
        sum += matrix[row * into + column]! * a[r * into + column]!;
      product[row * rank + r] = sum;
    }
  return product;
}

/** Rows of length 1 that stand square to each other (Gram-Schmidt, twice, because of rounding); a row that is nothing else becomes zeros. */
function orthonormalise(rows: Float32Array, count: number, width: number): void {
  for (let own = 0; own < count; own++) {
    const row = rows.subarray(own * width, (own + 1) * width);
    const length = Math.sqrt(sumOfSquares(row));
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < own; other++) {
        const earlier = rows.subarray(other * width, (other + 1) * width);
        let share = 0;
        for (let at = 0; at < width; at++) share += row[at]! * earlier[at]!;
        for (let at = 0; at < width; at++) row[at]! -= share * earlier[at]!;
      }
    const left = Math.sqrt(sumOfSquares(row));
    const factor = left > 1e-6 * length ? 1 / left : 0;
    for (let at = 0; at < width; at++) row[at]! *= factor;
  }
}

function asHalf(name: string, shape: readonly number[], values: Float32Array): SafetensorsInput {
  return { name, dtype: 'F16', shape, data: Uint16Array.from(values, numberToHalf) };
}

const sumOfSquares = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
