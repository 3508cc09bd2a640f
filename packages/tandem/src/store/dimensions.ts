import { DimensionMismatchError } from '../core/errors/dimension-mismatch-error.ts';

/** @throws DimensionMismatchError for the first vector that is not of `expected` dimensions. */
export function checkDimensions(rows: readonly { vector: Float32Array }[], expected: number): void {
  for (const { vector } of rows)
    if (vector.length !== expected)
      throw new DimensionMismatchError({ domain: 'store', expected, actual: vector.length });
}
