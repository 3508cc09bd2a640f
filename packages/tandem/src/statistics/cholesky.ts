import type { Matrix } from './row-products.ts';

/** The lower triangle L of a symmetric positive definite matrix, with L·Lᵀ the matrix. */
export function choleskyOf({ rows, data }: Matrix): Matrix {
  const lower = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = data[i * rows + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * rows + k]! * lower[j * rows + k]!;
      lower[i * rows + j] = i === j ? Math.sqrt(sum) : sum / lower[j * rows + j]!;
    }
  return { rows, columns: rows, data: lower };
}

/** Solves L·Lᵀ·x = row in place, for each row of `right`. */
export function solveRows({ rows: size, data: lower }: Matrix, right: Matrix): void {
  for (let r = 0; r < right.rows; r++) {
    const x = right.data.subarray(r * size, (r + 1) * size);
    for (let i = 0; i < size; i++) {
      let sum = x[i]!;
      for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * x[k]!;
      x[i] = sum / lower[i * size + i]!;
    }
    // By columns of Lᵀ, which are rows of L: memory is read in order.
    for (let i = size - 1; i >= 0; i--) {
      const value = x[i]! / lower[i * size + i]!;
      x[i] = value;
      for (let k = 0; k < i; k++) x[k]! -= lower[i * size + k]! * value;
    }
  }
}
