/** Operators that move elements without changing them: reshape, transpose, concatenate, split, slice. */
import { GraphError } from '../../errors/graph-error.ts';
import { differentiable, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';

/**
 * The same elements in another shape. Sizes may be names. A name that is not at the same place in the input's shape is
 * inferred, so there may be one such name. Where there are two, `sizes` gives the shape at run time and `sizesBack` the
 * input's shape for the gradient: int64, one number for each axis.
 */
export function reshape(
  x: Value,
  shape: readonly Dimension[],
  options: { sizes?: Value; sizesBack?: Value } = {},
): Value {
  return differentiable(reshapeNode(x, shape, options.sizes), [x], (dy) => [
    reshapeNode(dy, x.shape, options.sizesBack),
  ]);
}

/** `order[i]` is the input's axis that becomes axis i. */
export function transpose(x: Value, order: readonly number[]): Value {
  return differentiable(transposeNode(x, order), [x], (dy) => [
    transposeNode(
      dy,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ]);
}

/** Joins along an axis whose sizes are all known. */
export function concatenate(parts: readonly Value[], axis: number): Value {
  // A value that is both input and output of one tape entry would get its gradient twice.
  if (parts.length === 1) return parts[0]!;
  const at = axis < 0 ? axis + parts[0]!.shape.length : axis;
  const sizes = parts.map((part) => knownSize(part, at));
  const y = concatenateNode(parts, at);
  return differentiable(y, parts, (dy) => splitNode(dy, at, sizes));
}

/** Cuts along an axis into pieces of the sizes given, which must sum to the axis. */
export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [x];
  const at = axis < 0 ? axis + x.shape.length : axis;
  const pieces = splitNode(x, at, sizes);
  x.graph.record({
    inputs: [x],
    outputs: pieces,
    backward: (gradients) => [
      concatenateNode(
        gradients.map((gradient, index) => gradient ?? zerosLike(pieces[index]!)),
        at,
      ),
    ],
  });
  return pieces;
}

/** Elements `[start, end)` of an axis whose size is known. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const { graph } = x;
  const at = axis < 0 ? axis + x.shape.length : axis;
  const size = knownSize(x, at);
  const one = (value: number) => graph.constant('int64', [value], [1]);
  const shape = x.shape.map((dimension, index) => (index === at ? end - start : dimension));
  const [y] = graph.node('Slice', [x, one(start), one(end), one(at)], [{ type: x.type, shape }]);
  return differentiable(y!, [x], (dy) => [
    graph.node('Pad', [dy, graph.constant('int64', [start, size - end]), undefined, one(at)], [x])[0]!,
  ]);
}

/** No tape entry. */
export function reshapeNode(x: Value, shape: readonly Dimension[], sizes?: Value): Value {
  if (sizes) return x.graph.node('Reshape', [x, sizes], [{ type: x.type, shape }])[0]!;
  const target = shape.map((size, axis) =>
    typeof size === 'number' ? size : x.shape[axis] === size ? 0 : -1,
  );
  if (target.filter((size) => size === -1).length > 1) {
    throw new GraphError({
      fault: 'shape_mismatch',
      message: `Reshaping [${x.shape.join(', ')}] to [${shape.join(', ')}] leaves more than one size to be inferred.`,
    });
  }
  return x.graph.node(
    'Reshape',
    [x, x.graph.constant('int64', target, [target.length])],
    [{ type: x.type, shape }],
  )[0]!;
}

/** No tape entry. */
export function transposeNode(x: Value, order: readonly number[]): Value {
  return x.graph.node('Transpose', [x], [{ type: x.type, shape: order.map((axis) => x.shape[axis]!) }], {
    attributes: { perm: order },
  })[0]!;
}

/** No tape entry. */
export function concatenateNode(parts: readonly Value[], axis: number): Value {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const size = parts.reduce((total, part) => total + knownSize(part, axis), 0);
  return first.graph.node(
    'Concat',
    parts,
    [{ type: first.type, shape: first.shape.map((dimension, index) => (index === axis ? size : dimension)) }],
    { attributes: { axis } },
  )[0]!;
}

/** No tape entry. */
export function splitNode(x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.length === 1) return [x];
  return x.graph.node(
    'Split',
    [x, x.graph.constant('int64', sizes, [sizes.length])],
    sizes.map((size) => ({
      type: x.type,
      shape: x.shape.map((dimension, index) => (index === axis ? size : dimension)),
    })),
    { attributes: { axis } },
  );
}

function zerosLike(x: Value): Value {
  const [size] = x.graph.node('Shape', [x], [{ type: 'int64', shape: [x.shape.length] }]);
  return x.graph.node('Expand', [x.graph.constant('float32', [0]), size], [x])[0]!;
}

function knownSize(x: Value, axis: number): number {
  const size = x.shape[axis];
  if (typeof size === 'number') return size;
  throw new GraphError({
    fault: 'shape_mismatch',
    message: `Axis ${axis} of [${x.shape.join(', ')}] must have a known size here.`,
  });
}
