/**
 * Matrix products in eight-bit integers, for frozen weights: each row of activations and each column of weights has a
 * scale (Dettmers et al. 2022; in training the rows of gradients too: Wortsman et al. 2023, "SwitchBack"). On CPUs with
 * integer dot products (AVX-512 VNNI, AVX-VNNI, AMX, Arm) they take about half of the time of float32, the scaling
 * included.
 */
import { differentiable, Graph, type Value } from '../graph.ts';
import { binary, unary } from './elementwise.ts';
import { reduce, sumTo } from './reduce.ts';
import { reshapeNode, transposeNode } from './shape.ts';

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

/** Rows of activations (or gradients) as integers: value = (quantized − zero) / steps · largest. */
export interface Int8Rows {
  /** uint8, [rows, width]. */
  quantized: Value;
  /** [rows, 1]: the largest magnitude of each row. */
  largest: Value;
  /** 127, where 128 stands for zero; 255, where 0 stands for zero, for rows that are never negative. */
  steps: 127 | 255;
}

/** Rounds each row of x: [rows, width] to 255 steps between ± its largest magnitude. No tape entry. */
export function int8Rows(x: Value): Int8Rows {
  const { graph } = x;
  const column = { type: 'float32' as const, shape: [x.shape[0]!, 1] };
  const highest = reduce('ReduceMax', x, [-1], true);
  const lowest = reduce('ReduceMin', x, [-1], true);
  // A row of zeros (a gradient where nothing was learnt) must not be divided by zero.
  const [largest] = graph.node(
    'Max',
    [highest, unary('Neg', lowest), graph.constant('float32', [1e-30])],
    [column],
  );
  return { quantized: quantizeRows(x, largest!, 127), largest: largest!, steps: 127 };
}

/**
 * Rounds each row of x − least to 255 steps between 0 and its largest value, where no element of x is below `least`.
 * This is twice as fine as {@link int8Rows}, for the one-sided outputs of an activation function. To a product of these
 * rows, `least` times the sums of the matrix's columns must be added. No tape entry.
 */
export function int8RowsAbove(x: Value, least: number): Int8Rows {
  const raised = binary('Sub', x, x.graph.constant('float32', [least]));
  const highest = reduce('ReduceMax', raised, [-1], true);
  const [largest] = x.graph.node('Max', [highest, x.graph.constant('float32', [1e-30])], [highest]);
  return { quantized: quantizeRows(raised, largest!, 255), largest: largest!, steps: 255 };
}

/** Multiplies by the reciprocal: dividing rows by a column takes ONNX Runtime three times as long. */
function quantizeRows(x: Value, largest: Value, steps: 127 | 255): Value {
  const { graph } = x;
  return graph.node(
    'QuantizeLinear',
    [
      binary('Mul', x, unary('Reciprocal', largest)),
      graph.constant('float32', [1 / steps]),
      zeroPoint(graph, steps),
    ],
    [{ type: 'uint8', shape: x.shape }],
  )[0]!;
}

/** rows · matrix: [rows, out] in float32. No tape entry. */
export function int8Product({ quantized, largest, steps }: Int8Rows, { values, scales }: Int8Matrix): Value {
  const { graph } = quantized;
  const shape = [quantized.shape[0]!, values.shape[1]!];
  const [unit] = graph.node(
    'MatMulIntegerToFloat',
    [quantized, values, graph.constant('float32', [1 / steps]), scales, zeroPoint(graph, steps)],
    [{ type: 'float32', shape }],
    { domain: 'com.microsoft' },
  );
  return graph.node('Mul', [unit, largest], [{ type: 'float32', shape }])[0]!;
}

const zeroPoints = new WeakMap<object, Map<number, Value>>();

function zeroPoint(graph: Graph, steps: 127 | 255): Value {
  const known = zeroPoints.get(graph) ?? new Map<number, Value>();
  zeroPoints.set(graph, known);
  const zero = steps === 127 ? 128 : 0;
  let value = known.get(zero);
  if (!value) known.set(zero, (value = graph.weight(`int8.zero.${zero}`, Uint8Array.of(zero), [], 'uint8')));
  return value;
}

/** The numbers of an {@link Int8Matrix}: values row by row, value = integer · its column's scale. */
export interface Int8Columns {
  values: Int8Array;
  scales: Float32Array;
}

/** Zeros, to be filled by {@link int8Columns} or {@link int8Transposed}. */
export function emptyInt8Columns(rows: number, columns: number): Int8Columns {
  return { values: new Int8Array(rows * columns), scales: new Float32Array(columns) };
}

/**
 * A row-major [rows, columns] matrix in int8, with a scale for each column.
 * @param into arrays to write to. Default: new ones.
 */
export function int8Columns(
  weight: Float32Array,
  rows: number,
  columns: number,
  into: Int8Columns = emptyInt8Columns(rows, columns),
): Int8Columns {
  const { values, scales } = into;
  scales.fill(0);
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++) {
      const magnitude = Math.abs(weight[at]!);
      if (magnitude > scales[column]!) scales[column] = magnitude;
    }
  for (let column = 0; column < columns; column++) scales[column] = scales[column]! / 127 || 1;
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, at++)
      values[at] = Math.round(weight[at]! / scales[column]!);
  return into;
}

/** The sum of each column, as {@link int8RowsAbove} needs them. */
export function int8ColumnSums({ values, scales }: Int8Columns): Float32Array {
  const columns = scales.length;
  const sums = new Float64Array(columns);
  for (let at = 0; at < values.length; at++) sums[at % columns]! += values[at]!;
  return Float32Array.from(sums, (sum, column) => sum * scales[column]!);
}

/**
 * The transpose of a row-major [rows, columns] matrix in int8: [columns, rows], with a scale for each of its columns
 * (the rows of the input).
 * @param into arrays to write to. Default: new ones.
 */
export function int8Transposed(
  weight: Float32Array,
  rows: number,
  columns: number,
  into: Int8Columns = emptyInt8Columns(columns, rows),
): Int8Columns {
  const { values, scales } = into;
  for (let row = 0; row < rows; row++) {
    const own = weight.subarray(row * columns, (row + 1) * columns);
    let largest = 0;
    for (const value of own) largest = Math.max(largest, Math.abs(value));
    const scale = largest / 127 || 1;
    scales[row] = scale;
    for (let column = 0; column < columns; column++)
      values[column * rows + row] = Math.round(own[column]! / scale);
  }
  return into;
}

/** {@link int8Columns} inside the graph, for weights that change. No tape entry. */
export function int8ColumnsOf(weight: Value): Int8Matrix {
  const largest = largestAlong(weight, 0);
  return { values: quantizeBy(weight, largest), scales: scalesOf(largest, weight.shape[1] as number) };
}

/** {@link int8Transposed} inside the graph, for weights that change. No tape entry. */
export function int8RowsTransposed(weight: Value): Int8Matrix {
  const largest = largestAlong(weight, 1);
  return {
    values: transposeNode(quantizeBy(weight, largest), [1, 0]),
    scales: scalesOf(largest, weight.shape[0] as number),
  };
}

/** Each row of a [rows, columns] matrix in int8, with a scale for each row. No tape entry. */
export function int8MatrixRows(weight: Value): { values: Value; scales: Value } {
  const largest = largestAlong(weight, 1);
  return { values: quantizeBy(weight, largest), scales: scalesOf(largest, weight.shape[0] as number) };
}

/** The largest magnitude over one of two axes, never 0. */
function largestAlong(weight: Value, axis: 0 | 1): Value {
  const [highest, lowest] = (['ReduceMax', 'ReduceMin'] as const).map((operator) =>
    reduce(operator, weight, [axis], true),
  ) as [Value, Value];
  return weight.graph.node(
    'Max',
    [highest, unary('Neg', lowest), weight.graph.constant('float32', [1e-30])],
    [highest],
  )[0]!;
}

function quantizeBy(weight: Value, largest: Value): Value {
  const { graph } = weight;
  return graph.node(
    'QuantizeLinear',
    [
      binary('Mul', weight, unary('Reciprocal', largest)),
      graph.constant('float32', [1 / 127]),
      graph.constant('int8', [0]),
    ],
    [{ type: 'int8', shape: weight.shape }],
  )[0]!;
}

function scalesOf(largest: Value, size: number): Value {
  return reshapeNode(binary('Mul', largest, largest.graph.constant('float32', [1 / 127])), [size]);
}

/**
 * x · weightᵀ + bias with x: [rows, in] and a weight that is trained. The output and both gradients are products in
 * integers. The gradient of the weight is a sum over rows: there each feature of x and of the output's gradient has a
 * scale. (Wortsman et al. 2023 keep that product in higher precision. On MiniLM its rounding adds 3 % to a gradient
 * that the other two have already changed by 12 %.) `weight` only names what the gradient belongs to; `earlier` is
 * added to the gradient, as in `linear`.
 */
export function int8Linear(
  x: Value,
  layer: { int8: Int8Weight; weight: Value; bias: Value; earlier?: Value },
): Value {
  const { int8, weight, bias, earlier } = layer;
  const y = binary('Add', int8Product(int8Rows(x), int8.forward), bias);
  return differentiable(y, [x, weight, bias], (dy, [toX]) => [
    toX ? int8Product(int8Rows(dy), int8.backward) : undefined,
    weightGradient(dy, x, earlier),
    sumTo(dy, bias.shape),
  ]);
}

/**
 * dyᵀ · x (+ earlier), [out, in], with a scale for each feature of dy and of x. ONNX Runtime finds the largest value
 * along rows several times as fast as along columns: so dy is transposed first, and of x only magnitudes are compared.
 */
function weightGradient(dy: Value, x: Value, earlier: Value | undefined): Value {
  const { graph } = x;
  const largest = reduce('ReduceMax', unary('Abs', x), [0], true);
  const [divisor] = graph.node('Max', [largest, graph.constant('float32', [1e-30])], [largest]);
  const columns = { values: quantizeBy(x, divisor!), scales: scalesOf(divisor!, x.shape[1] as number) };
  const own = int8Product(int8Rows(transposeNode(dy, [1, 0])), columns);
  return earlier ? graph.node('Add', [own, earlier], [own])[0]! : own;
}

/**
 * y = the sum of x, [1, 64] → [1, 1], computed with the largest int8 values. The result is exact only where the CPU has
 * integer dot products; older x86 CPUs add pairs of products in 16 bits, which saturate.
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
