/** Matrix products. Weights are [out, in], as in safetensors and GGUF, in the forward and in the backward. */
import { differentiable, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';
import { sumTo } from './reduce.ts';
import { reshapeNode } from './shape.ts';

/**
 * x · weightᵀ (+ bias). x: [..., in], weight: [out, in], bias: [out]. More than two axes are flattened to rows, because
 * one Gemm over all rows is what ONNX Runtime does best.
 *
 * @param earlier [out, in] or [1, 1], added to the gradient of `weight`: the sum of the gradients of earlier passes.
 *   Adding it inside the product costs nothing.
 */
export function linear(x: Value, weight: Value, bias?: Value, earlier?: Value): Value {
  const [out, width] = weight.shape as [Dimension, Dimension];
  const rowsShape: Dimension[] = x.shape.length === 2 ? [...x.shape] : [rowsOf(x.shape), width];
  const rows = x.shape.length === 2 ? x : reshapeNode(x, rowsShape);
  const flat = gemm(rows, weight, { transB: true, ...(bias && { c: bias }) });
  const y = x.shape.length === 2 ? flat : reshapeNode(flat, [...x.shape.slice(0, -1), out]);
  return differentiable(y, bias ? [x, weight, bias] : [x, weight], (dy, [toX, toWeight, toBias]) => {
    const dRows = x.shape.length === 2 ? dy : reshapeNode(dy, [rowsShape[0]!, out]);
    const dx = toX ? gemm(dRows, weight) : undefined;
    return [
      dx && x.shape.length !== 2 ? reshapeNode(dx, x.shape) : dx,
      toWeight ? gemm(dRows, rows, { transA: true, ...(earlier && { c: earlier }) }) : undefined,
      toBias && bias ? sumTo(dRows, bias.shape) : undefined,
    ];
  });
}

/** alpha · a · b over the last two axes, each optionally transposed. Leading axes must be equal, or absent in `b`. */
export function matMul(
  a: Value,
  b: Value,
  options: { transA?: boolean; transB?: boolean; alpha?: number } = {},
): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  return differentiable(batchedMatMul(a, b, options), [a, b], (dy, [toA, toB]) => {
    // With Y = A·B: dA = dY·Bᵀ and dB = Aᵀ·dY; a transposed operand swaps the factors.
    const da = () =>
      transA
        ? batchedMatMul(b, dy, { transA: transB, transB: true, alpha })
        : batchedMatMul(dy, b, { transB: !transB, alpha });
    const db = () =>
      transB
        ? batchedMatMul(dy, a, { transA: true, transB: transA, alpha })
        : batchedMatMul(a, dy, { transA: !transA, alpha });
    return [toA ? sumTo(da(), a.shape) : undefined, toB ? sumTo(db(), b.shape) : undefined];
  });
}

/** alpha · op(a) · op(b) (+ c) on two-axis matrices, c broadcast. No tape entry. */
export function gemm(
  a: Value,
  b: Value,
  options: { transA?: boolean; transB?: boolean; alpha?: number; c?: Value } = {},
): Value {
  const { transA = false, transB = false, alpha = 1, c } = options;
  const shape = [a.shape[transA ? 1 : 0]!, b.shape[transB ? 0 : 1]!];
  return a.graph.node('Gemm', c ? [a, b, c] : [a, b], [{ type: a.type, shape }], {
    attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } },
  })[0]!;
}

/** No tape entry. */
export function batchedMatMul(
  a: Value,
  b: Value,
  options: { transA?: boolean; transB?: boolean; alpha?: number } = {},
): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  const rows = a.shape.at(transA ? -1 : -2)!;
  const columns = b.shape.at(transB ? -2 : -1)!;
  const leading = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2);
  const output = [{ type: a.type, shape: [...leading, rows, columns] }];
  if (!transA && !transB && alpha === 1) return a.graph.node('MatMul', [a, b], output)[0]!;
  return a.graph.node('FusedMatMul', [a, b], output, {
    domain: 'com.microsoft',
    attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: alpha } },
  })[0]!;
}

/** The number of rows when all axes but the last are flattened: a product, or its name. */
export function rowsOf(shape: readonly Dimension[]): Dimension {
  const leading = shape.slice(0, -1);
  if (leading.every((size) => typeof size === 'number'))
    return leading.reduce<number>((product, size) => product * (size as number), 1);
  return leading.filter((size) => size !== 1).join('*');
}
