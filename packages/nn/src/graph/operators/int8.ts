/**
 * Matrix products in eight-bit integers, for frozen weights: rows of activations and columns of weights each have a scale
 * of their own (Dettmers et al. 2022; for training as well, with the gradients' rows: Wortsman et al. 2023, "SwitchBack").
 * On CPUs with integer dot products (AVX-512 VNNI, AVX-VNNI, AMX, Arm) they take about half of the time of float32,
 * the scaling included.
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
  /** 127 with 128 for zero; of rows that are never negative 255 with 0. */
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
  return { quantized: quantizedRows(x, largest!, 127), largest: largest!, steps: 127 };
}

/**
 * Rounds each row of x − least, where x is nowhere below `least`, to 255 steps up to its largest: twice as fine as
 * {@link int8Rows} for what an activation has made one-sided. A product of these rows is to be completed with `least` times the
 * sums of the matrix's columns. No tape entry.
 */
export function int8RowsAbove(x: Value, least: number): Int8Rows {
  const raised = binary('Sub', x, x.graph.constant('float32', [least]));
  const highest = reduce('ReduceMax', raised, [-1], true);
  const [largest] = x.graph.node('Max', [highest, x.graph.constant('float32', [1e-30])], [highest]);
  return { quantized: quantizedRows(raised, largest!, 255), largest: largest!, steps: 255 };
}

/** Multiplied by the reciprocal: ONNX Runtime divides rows by a column three times as slowly. */
function quantizedRows(x: Value, largest: Value, steps: 127 | 255): Value {
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

/** Zeros, to be written to by {@link int8Columns} or {@link int8Transposed}. */
export function emptyInt8Columns(rows: number, columns: number): Int8Columns {
  return { values: new Int8Array(rows * columns), scales: new Float32Array(columns) };
}

/** A row-major [rows, columns] matrix to int8 with a scale for each column; into arrays that are there already, if given. */
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

/** The transpose of {@link int8Columns}' input: [rows, columns] → int8 [columns, rows] with a scale for each row. */
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

/** What {@link int8Columns} does to a [rows, columns] matrix, in the graph: for weights that change. No tape entry. */
export function int8ColumnsOf(weight: Value): Int8Matrix {
  const largest = largestAlong(weight, 0);
  return { values: roundedBy(weight, largest), scales: scalesOf(largest, weight.shape[1] as number) };
}

/** What {@link int8Transposed} does: [rows, columns] → int8 [columns, rows] with a scale for each row. No tape entry. */
export function int8RowsTransposed(weight: Value): Int8Matrix {
  const largest = largestAlong(weight, 1);
  return {
    values: transposeNode(roundedBy(weight, largest), [1, 0]),
    scales: scalesOf(largest, weight.shape[0] as number),
  };
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

function roundedBy(weight: Value, largest: Value): Value {
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
 * x · weightᵀ + bias with x: [rows, in] and a trained weight: the output and both gradients are products in integers. For the
 * gradient of the weight, which is summed over rows, each feature of x and of the output's gradient has a scale (Wortsman et al.
 * 2023 keep it in higher precision; on MiniLM it adds 3 % to a gradient that the other two have already moved by 12 %). `weight`
 * only names what the gradient belongs to; `earlier` is added to it, as in `linear`.
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
 * dyᵀ · x (+ earlier), [out, in], each feature of either with a scale of its own. ONNX Runtime finds what is largest along rows
 * several times as fast as along columns: dy is transposed first, and of x only magnitudes are compared.
 */
function weightGradient(dy: Value, x: Value, earlier: Value | undefined): Value {
  const { graph } = x;
  const largest = reduce('ReduceMax', unary('Abs', x), [0], true);
  const [divisor] = graph.node('Max', [largest, graph.constant('float32', [1e-30])], [largest]);
  const columns = { values: roundedBy(x, divisor!), scales: scalesOf(divisor!, x.shape[1] as number) };
  const own = int8Product(int8Rows(transposeNode(dy, [1, 0])), columns);
  return earlier ? graph.node('Add', [own, earlier], [own])[0]! : own;
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
