/**
 * Matrix products in eight-bit integers, for frozen weights: rows of activations and columns of weights each have a scale
 * of their own (Dettmers et al. 2022; for training as well, with the gradients' rows: Wortsman et al. 2023, "SwitchBack").
 * On CPUs with integer dot products (AVX-512 VNNI, AVX-VNNI, AMX, Arm) they take a fifth of the time of float32.
 */
import { Graph, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';
import { unary } from './elementwise.ts';

/** A frozen matrix as integers with a scale for each column. */
export interface Int8Matrix {
  /** int8, [in, out]. */
  values: Value;
  /** [out]. */
  scales: Value;
}

/** A frozen [out, in] weight for both directions. */
export interface Int8Weight {
  /** weightᵀ: [in, out], a scale for each output. */
  forward: Int8Matrix;
  /** weight: [out, in], a scale for each input. */
  backward: Int8Matrix;
}

/** Rows of activations (or gradients) as integers: value = (quantized − 128) / 127 · largest. */
export interface Int8Rows {
  /** uint8, [rows, width]. */
  quantized: Value;
  /** [rows, 1]: the largest magnitude of each row. */
  largest: Value;
}

/** Rounds each row of x: [rows, width] to 255 steps between ± its largest magnitude. No tape entry. */
export function int8Rows(x: Value): Int8Rows {
  const { graph } = x;
  const rows: Dimension[] = [x.shape[0]!, 1];
  const [highest] = graph.node(
    'ReduceMax',
    [unary('Abs', x), graph.constant('int64', [1], [1])],
    [{ type: 'float32', shape: rows }],
    { attributes: { keepdims: 1 } },
  );
  // A row of zeros (a gradient where nothing was learnt) must not be divided by zero.
  const [largest] = graph.node(
    'Max',
    [highest, graph.constant('float32', [1e-30])],
    [{ type: 'float32', shape: rows }],
  );
  const [unit] = graph.node('Div', [x, largest], [x]);
  const [quantized] = graph.node(
    'QuantizeLinear',
    [unit, graph.constant('float32', [1 / 127]), zeroPoint(x)],
    [{ type: 'uint8', shape: x.shape }],
  );
  return { quantized: quantized!, largest: largest! };
}

/** rows · matrix: [rows, out] in float32. No tape entry. */
export function int8Product({ quantized, largest }: Int8Rows, { values, scales }: Int8Matrix): Value {
  const { graph } = quantized;
  const shape = [quantized.shape[0]!, values.shape[1]!];
  const [unit] = graph.node(
    'MatMulIntegerToFloat',
    [quantized, values, graph.constant('float32', [1 / 127]), scales, zeroPoint(quantized)],
    [{ type: 'float32', shape }],
    { domain: 'com.microsoft' },
  );
  return graph.node('Mul', [unit, largest], [{ type: 'float32', shape }])[0]!;
}

const zeroPoints = new WeakMap<object, Value>();

function zeroPoint({ graph }: Value): Value {
  let value = zeroPoints.get(graph);
  if (!value) zeroPoints.set(graph, (value = graph.weight('int8.zero', Uint8Array.of(128), [], 'uint8')));
  return value;
}

/** The numbers of an {@link Int8Matrix}: values row by row, value = integer · its column's scale. */
export interface Int8Columns {
  values: Int8Array;
  scales: Float32Array;
}

/** A row-major [rows, columns] matrix to int8 with a scale for each column. */
export function int8Columns(weight: Float32Array, rows: number, columns: number): Int8Columns {
  const scales = new Float32Array(columns);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++) {
      const magnitude = Math.abs(weight[at]!);
      if (magnitude > scales[column]!) scales[column] = magnitude;
    }
  for (let column = 0; column < columns; column++) scales[column] = scales[column]! / 127 || 1;
  const values = new Int8Array(weight.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++)
      values[at] = Math.round(weight[at]! / scales[column]!);
  return { values, scales };
}

/** The transpose of {@link int8Columns}' input: [rows, columns] → int8 [columns, rows] with a scale for each row. */
export function int8Transposed(weight: Float32Array, rows: number, columns: number): Int8Columns {
  const scales = new Float32Array(rows);
  const values = new Int8Array(weight.length);
  for (let row = 0; row < rows; row++) {
    const own = weight.subarray(row * columns, (row + 1) * columns);
    let largest = 0;
    for (const value of own) largest = Math.max(largest, Math.abs(value));
    const scale = largest / 127 || 1;
    scales[row] = scale;
    for (let column = 0; column < columns; column++)
      values[column * rows + row] = Math.round(own[column]! / scale);
  }
  return { values, scales };
}

/**
 * y = the sum of x, [1, 64] → [1, 1], in the largest integers there are. Exact where the CPU has integer dot products; older x86
 * kernels add pairs of products in 16 bits, which saturate.
 */
export function int8ProbeGraph(): Graph {
  const width = 64;
  const graph = new Graph('int8 probe');
  const x = graph.input('x', 'float32', [1, width]);
  const values = graph.weight('values', new Int8Array(width).fill(127), [width, 1], 'int8');
  const scales = graph.weight('scales', Float32Array.of(1 / 127), [1]);
  graph.output('y', int8Product(int8Rows(x), { values, scales }));
  return graph;
}
