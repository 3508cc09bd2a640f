/** Linear layers with low-rank adapters (Hu et al. 2021). */
import type { Value } from '../graph.ts';
import { delayUntil } from '../recompute.ts';
import { binary } from './elementwise.ts';
import { hadamardRotated } from './hadamard.ts';
import { int8MatrixRows, int8Product, int8Rows } from './int8.ts';
import { gemm } from './matrix.ts';
import { concatenateNode, splitNode, transposeNode } from './shape.ts';

/** A frozen linear layer, with an adapter or without. */
export interface LoraLayer {
  /** [out, in], frozen. */
  weight: Value;
  /** [out], frozen. */
  bias?: Value | undefined;
  /** The same weight as integers. Where it is given, `weight` is not read. */
  int8?: FrozenInt8 | undefined;
  /** a: [rank, in], b: [out, rank]; absent where the layer is not adapted. */
  adapter?: { a: Value; b: Value } | undefined;
}

/**
 * A frozen [out, in] matrix as integers, for the forward and the backward: value = integer · its row's scale. The rows
 * are rotated ({@link hadamardRotated}).
 */
export interface FrozenInt8 {
  /** int8, [out, in]. */
  values: Value;
  /** [out]. */
  scales: Value;
}

/** A float32 matrix, [out, in], as {@link FrozenInt8}. No tape entry. */
export function frozenInt8(weight: Value): FrozenInt8 {
  return int8MatrixRows(hadamardRotated(weight));
}

/**
 * x · (weight + scaling·b·a)ᵀ + bias for several layers that read the same x: [rows, in].
 *
 * In both directions the adapter is first folded into the weight. Folding costs 2·out·in·rank operations; keeping the
 * adapter apart costs 2·rows·(in + out)·rank and several passes over [rows, out], and there are more rows than outputs.
 * The folded weight is as large as the weight, so the backward folds again instead of keeping it. The a of all layers
 * are stacked, so that x is read once for all of them.
 */
export function loraLinear(x: Value, layers: readonly LoraLayer[], scaling: number): Value[] {
  const { graph } = x;
  const adapted = layers.filter((layer) => layer.adapter);
  if (layers.every(({ int8 }) => int8)) return int8LoraLinear(x, layers, scaling);
  const outputs = layers.map((layer) =>
    gemm(x, foldAdapter(layer, scaling, x), { transB: true, ...(layer.bias && { c: layer.bias }) }),
  );
  graph.record({
    inputs: [x, ...adapted.flatMap(({ adapter }) => [adapter!.a, adapter!.b])],
    outputs,
    backward: (outputGradients, [toX]) => {
      const gradientOf = new Map(layers.map((layer, index) => [layer, outputGradients[index]]));
      let dx: Value | undefined;
      if (toX) {
        for (const [layer, dy] of gradientOf) {
          if (!dy) continue;
          const part = gemm(dy, foldAdapter(layer, scaling, dy));
          dx = dx ? binary('Add', dx, part) : part;
        }
      }

      const active = adapted.filter((layer) => gradientOf.get(layer));
      let pairs = new Map<LoraLayer, AdapterGradients>();
      if (active.length > 0) {
        const stack = delayUntil(stackA(active), gradientOf.get(active[0]!)!);
        const inner = splitNode(gemm(x, stack, { transB: true }), 1, ranksOf(active));
        pairs = adapterGradients(x, active, {
          gradientOf,
          innerGradients: innerGradientsOf(active, gradientOf, scaling),
          inner: new Map(active.map((layer, index) => [layer, inner[index]!])),
          scaling,
        });
      }
      return [dx, ...adapted.flatMap((layer) => pairs.get(layer) ?? [undefined, undefined])];
    },
  });
  return outputs;
}

/**
 * weight + scaling·b·a, computed only after `trigger`: otherwise ONNX Runtime would fold all layers first, and hold as
 * much memory as the model again.
 */
function foldAdapter({ weight, adapter }: LoraLayer, scaling: number, trigger: Value): Value {
  if (!adapter) return weight;
  return gemm(delayUntil(adapter.b, trigger), adapter.a, { alpha: scaling, c: weight });
}

/**
 * The same with the frozen weights in integers. The adapter stays in float32 and apart from the weight: folded in, it
 * would be lost in rounding.
 */
function int8LoraLinear(x: Value, layers: readonly LoraLayer[], scaling: number): Value[] {
  const { graph } = x;
  const adapted = layers.filter((layer) => layer.adapter);
  const inner = new Map<LoraLayer, Value>();
  if (adapted.length > 0) {
    const parts = splitNode(gemm(x, stackA(adapted), { transB: true }), 1, ranksOf(adapted));
    for (const [index, layer] of adapted.entries()) inner.set(layer, parts[index]!);
  }
  const rows = int8Rows(hadamardRotated(x));
  const outputs = layers.map((layer) => {
    const { values, scales } = layer.int8!;
    const product = int8Product(rows, { values: transposeNode(values, [1, 0]), scales });
    const frozen = layer.bias ? binary('Add', product, layer.bias) : product;
    const { adapter } = layer;
    return adapter ? gemm(inner.get(layer)!, adapter.b, { transB: true, alpha: scaling, c: frozen }) : frozen;
  });
  graph.record({
    inputs: [x, ...adapted.flatMap(({ adapter }) => [adapter!.a, adapter!.b])],
    outputs,
    backward: (outputGradients, [toX]) => {
      const gradientOf = new Map(layers.map((layer, index) => [layer, outputGradients[index]]));
      const active = adapted.filter((layer) => gradientOf.get(layer));
      const innerGradients = active.length > 0 ? innerGradientsOf(active, gradientOf, scaling) : undefined;
      let dx: Value | undefined;
      if (toX) {
        for (const [layer, dy] of gradientOf) {
          if (!dy) continue;
          const { values, scales } = layer.int8!;
          // The sum is over the weight's rows, so that their scales go to the gradient before it is rounded.
          const rounded = int8Rows(binary('Mul', dy, scales));
          const part = int8Product(rounded, { values, scales: graph.constant('float32', [1]) });
          dx = dx ? binary('Add', dx, part) : part;
        }
        // A rotation is its own inverse.
        if (dx) dx = hadamardRotated(dx);
        if (innerGradients) dx = gemm(innerGradients, stackA(active), dx && { c: dx });
      }
      const pairs = innerGradients
        ? adapterGradients(x, active, { gradientOf, innerGradients, inner, scaling })
        : new Map<LoraLayer, AdapterGradients>();
      return [dx, ...adapted.flatMap((layer) => pairs.get(layer) ?? [undefined, undefined])];
    },
  });
  return outputs;
}

/** The gradients of a and of b. */
type AdapterGradients = [Value, Value];

/** scaling · dy · b of each layer, side by side: the gradient that arrives at a. */
function innerGradientsOf(
  layers: readonly LoraLayer[],
  gradientOf: ReadonlyMap<LoraLayer, Value | undefined>,
  scaling: number,
): Value {
  return concatenateNode(
    layers.map((layer) => gemm(gradientOf.get(layer)!, layer.adapter!.b, { alpha: scaling })),
    1,
  );
}

/** @param inner x · aᵀ of each layer. */
function adapterGradients(
  x: Value,
  layers: readonly LoraLayer[],
  options: {
    gradientOf: ReadonlyMap<LoraLayer, Value | undefined>;
    innerGradients: Value;
    inner: ReadonlyMap<LoraLayer, Value>;
    scaling: number;
  },
): Map<LoraLayer, AdapterGradients> {
  const { gradientOf, innerGradients, inner, scaling } = options;
  const da = splitNode(gemm(innerGradients, x, { transA: true }), 0, ranksOf(layers));
  return new Map(
    layers.map((layer, index) => [
      layer,
      [da[index]!, gradientOfB(gradientOf.get(layer)!, inner.get(layer)!, scaling)],
    ]),
  );
}

/**
 * The gradient of b, scaling · dyᵀ · inner. Its transpose is computed, since a product with few rows is faster than one
 * with few columns.
 */
function gradientOfB(dy: Value, inner: Value, scaling: number): Value {
  return transposeNode(gemm(inner, dy, { transA: true, alpha: scaling }), [1, 0]);
}

const ranksOf = (layers: readonly LoraLayer[]) => layers.map(({ adapter }) => adapter!.a.shape[0] as number);

/** The a of all layers, stacked. */
const stackA = (layers: readonly LoraLayer[]) =>
  concatenateNode(
    layers.map(({ adapter }) => adapter!.a),
    0,
  );
