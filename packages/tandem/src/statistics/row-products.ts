/** A matrix, one row after the other. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float64Array;
}

/** A matrix of zeros. */
export const zeros = (rows: number, columns: number): Matrix => ({
  rows,
  columns,
  data: new Float64Array(rows * columns),
});

/** Rows become columns. */
export function transposed({ rows, columns, data }: Matrix): Matrix {
  const result = zeros(columns, rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result.data[j * rows + i] = data[i * columns + j]!;
  return result;
}

/** So many numbers of each of six rows stay in a core's nearest cache. */
const stretch = 512;

/**
 * The dot product of each row of `a` with each row of `b`: `[a.rows, b.rows]`. All of a head's training is spent here, so two rows are
 * multiplied with four at a time: what is loaded once is used twice or four times.
 */
export function rowProducts(a: Matrix, b: Matrix): Matrix {
  const length = a.columns;
  const result = zeros(a.rows, b.rows);
  const [x, y, out] = [a.data, b.data, result.data];
  const evenRows = a.rows - (a.rows % 2);
  const fours = b.rows - (b.rows % 4);
  for (let from = 0; from < length; from += stretch) {
    const to = Math.min(length, from + stretch);
    for (let i = 0; i < evenRows; i += 2) {
      for (let k = 0; k < fours; k += 4) {
        let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
        let [p, q] = [i * length + from, (i + 1) * length + from];
        let r0 = k * length + from;
        let r1 = r0 + length;
        let r2 = r1 + length;
        let r3 = r2 + length;
        for (let j = from; j < to; j++) {
          const u = x[p++]!;
          const v = x[q++]!;
          const y0 = y[r0++]!;
          const y1 = y[r1++]!;
          const y2 = y[r2++]!;
          const y3 = y[r3++]!;
          s00 += u * y0;
          s01 += u * y1;
          s02 += u * y2;
          s03 += u * y3;
          s10 += v * y0;
          s11 += v * y1;
          s12 += v * y2;
          s13 += v * y3;
        }
        const at = i * b.rows + k;
        const below = at + b.rows;
        out[at]! += s00;
        out[at + 1]! += s01;
        out[at + 2]! += s02;
        out[at + 3]! += s03;
        out[below]! += s10;
        out[below + 1]! += s11;
        out[below + 2]! += s12;
        out[below + 3]! += s13;
      }
    }
  }
  const dot = (i: number, k: number) => {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += x[i * length + j]! * y[k * length + j]!;
    return sum;
  };
  for (let i = 0; i < a.rows; i++)
    for (let k = i < evenRows ? fours : 0; k < b.rows; k++) out[i * b.rows + k] = dot(i, k);
  return result;
}
