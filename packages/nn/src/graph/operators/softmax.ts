/** Softmax over the last axis. */
import { differentiable, type Value } from '../graph.ts';
import { binary } from './elementwise.ts';
import { reduce } from './reduce.ts';

/** Softmax over the last axis; the result has the shape of x. */
export function softmax(x: Value): Value {
  const y = softmaxNode(x);
  return differentiable(y, [x], (dy) => {
    const projection = reduce('ReduceSum', binary('Mul', dy, y), [-1], true);
    return [binary('Mul', y, binary('Sub', dy, projection))];
  });
}

/** No tape entry. */
export function softmaxNode(x: Value): Value {
  return x.graph.node('Softmax', [x], [x], { attributes: { axis: -1 } })[0]!;
}
