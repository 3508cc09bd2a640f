/** Sums and means over axes. */
import { differentiable, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';

/** Sum over the axes (negative ones count from the end), which stay as size 1 if `keep`. */
export function sum(x: Value, axes: readonly number[], keep = false): Value {
  return reduceWithGradient('ReduceSum', x, axes, keep);
}

/** Mean over the axes, as {@link sum}. */
export function mean(x: Value, axes: readonly number[], keep = false): Value {
  return reduceWithGradient('ReduceMean', x, axes, keep);
}

/** Sum of all elements: a scalar. */
export function sumAll(x: Value): Value {
  return sum(
    x,
    x.shape.map((_, axis) => axis),
  );
}

/** Sums a gradient over the axes along which a tensor of `shape` was broadcast. No tape entry. */
export function sumTo(gradient: Value, shape: readonly Dimension[]): Value {
  const extra = gradient.shape.length - shape.length;
  const axes: number[] = [];
  gradient.shape.forEach((size, axis) => {
    if (axis < extra || (shape[axis - extra] === 1 && size !== 1)) axes.push(axis);
  });
  if (axes.length === 0) return gradient;
  // Only leading axes were broadcast.
  if (axes.every((axis) => axis < extra)) return { ...reduce('ReduceSum', gradient, axes, false), shape };
  const summed = reduce('ReduceSum', gradient, axes, true);
  if (extra === 0) return summed;
  return gradient.graph.node(
    'Squeeze',
    [
      summed,
      gradient.graph.constant(
        'int64',
        Array.from({ length: extra }, (_, axis) => axis),
        [extra],
      ),
    ],
    [{ type: gradient.type, shape }],
  )[0]!;
}

/** No tape entry. */
export function reduce(
  operator: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin',
  x: Value,
  axes: readonly number[],
  keep: boolean,
): Value {
  const rank = x.shape.length;
  const normalised = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const shape = keep
    ? x.shape.map((size, axis) => (normalised.includes(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !normalised.includes(axis));
  return x.graph.node(
    operator,
    [x, x.graph.constant('int64', normalised, [normalised.length])],
    [{ type: x.type, shape }],
    { attributes: { keepdims: keep ? 1 : 0 } },
  )[0]!;
}

function reduceWithGradient(
  operator: 'ReduceSum' | 'ReduceMean',
  x: Value,
  axes: readonly number[],
  keep: boolean,
): Value {
  const { graph } = x;
  const y = reduce(operator, x, axes, keep);
  return differentiable(y, [x], (dy) => {
    const normalised = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
    const kept = x.shape.map((size, axis) => (normalised.includes(axis) ? 1 : size));
    let spread = dy;
    if (!keep && normalised.length > 0) {
      spread = graph.node(
        'Unsqueeze',
        [dy, graph.constant('int64', normalised, [normalised.length])],
        [{ type: x.type, shape: kept }],
      )[0]!;
    }
    const size = graph.node('Shape', [x], [{ type: 'int64', shape: [x.shape.length] }])[0]!;
    const expanded = graph.node('Expand', [spread, size], [x])[0]!;
    if (operator === 'ReduceSum') return [expanded];
    // The mean's count may be known only at run time: count = elements of x / elements of y.
    const elements = (value: Value) => {
      const [count] = graph.node('Size', [value], [{ type: 'int64', shape: [] }]);
      return graph.node('Cast', [count], [{ type: 'float32', shape: [] }], { attributes: { to: 1 } })[0]!;
    };
    const share = graph.node('Div', [elements(y), elements(x)], [{ type: 'float32', shape: [] }])[0]!;
    return [graph.node('Mul', [expanded, share], [x])[0]!];
  });
}
