/** Causal grouped-query attention. */
import { differentiable, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';
import { delayUntil } from '../recompute.ts';
import { binary } from './elementwise.ts';
import { batchedMatMul } from './matrix.ts';
import { reduce } from './reduce.ts';
import { reshapeNode, transposeNode } from './shape.ts';
import { softmaxNode } from './softmax.ts';

/** Sizes of a grouped-query attention. */
export interface AttentionSizes {
  heads: number;
  keyValueHeads: number;
  headWidth: number;
  /** Factor on q · k. Default 1 / √headWidth. */
  attentionScale?: number;
}

/**
 * softmax(attentionScale · q · kᵀ + mask) · v for each head, where `heads / keyValueHeads` query heads share a key head
 * (Ainslie et al. 2023). q: [batch, length, heads·headWidth], k and v: [batch, length, keyValueHeads·headWidth], mask:
 * [length, length], 0 where a position may look at another and very negative where it may not. The result has q's
 * shape.
 *
 * The queries that share a key head are stacked, so that there is one matrix product for each key head and no key is
 * repeated. The probabilities, length² for each head, are the largest values of the model: the backward computes them
 * again. The backward of the softmax uses them only once, because Σ dP·P = Σ dO·O over a row.
 */
export function causalAttention(q: Value, k: Value, v: Value, mask: Value, sizes: AttentionSizes): Value {
  const { keyValueHeads, headWidth } = sizes;
  const group = sizes.heads / keyValueHeads;
  const [batch, length] = q.shape as [Dimension, Dimension];
  const stacked = typeof length === 'number' ? group * length : `${group}*${length}`;
  const alpha = sizes.attentionScale ?? 1 / Math.sqrt(headWidth);

  const rowsOfQueries = (x: Value) =>
    reshapeNode(
      transposeNode(reshapeNode(x, [batch, length, keyValueHeads, group, headWidth]), [0, 2, 3, 1, 4]),
      [batch, keyValueHeads, stacked, headWidth],
    );
  const rowsOfKeys = (x: Value) =>
    transposeNode(reshapeNode(x, [batch, length, keyValueHeads, headWidth]), [0, 2, 1, 3]);
  const fromQueries = (x: Value) =>
    reshapeNode(
      transposeNode(reshapeNode(x, [batch, keyValueHeads, group, length, headWidth]), [0, 3, 1, 2, 4]),
      q.shape,
    );
  const fromKeys = (x: Value) => reshapeNode(transposeNode(x, [0, 2, 1, 3]), k.shape);
  const probabilities = (queries: Value, keys: Value) => {
    const scores = batchedMatMul(queries, keys, { transB: true, alpha });
    const perHead = reshapeNode(scores, [batch, keyValueHeads, group, length, length]);
    return reshapeNode(softmaxNode(binary('Add', perHead, mask)), [batch, keyValueHeads, stacked, length]);
  };

  const [queries, keys, values] = [rowsOfQueries(q), rowsOfKeys(k), rowsOfKeys(v)];
  const mixed = batchedMatMul(probabilities(queries, keys), values);
  const y = fromQueries(mixed);
  return differentiable(y, [q, k, v], (dy) => {
    const gradient = rowsOfQueries(dy);
    const [lateQueries, lateKeys] = [rowsOfQueries(delayUntil(q, dy)), rowsOfKeys(delayUntil(k, dy))];
    const lateValues = rowsOfKeys(delayUntil(v, dy));
    const p = probabilities(lateQueries, lateKeys);
    const dValues = batchedMatMul(p, gradient, { transA: true });
    const projection = rowsOfQueries(binary('Mul', dy, y));
    const rowSums = reduce('ReduceSum', projection, [-1], true);
    const dP = batchedMatMul(gradient, lateValues, { transB: true });
    const dScores = binary('Mul', binary('Sub', dP, rowSums), p);
    return [
      fromQueries(batchedMatMul(dScores, lateKeys, { alpha })),
      fromKeys(batchedMatMul(dScores, lateQueries, { transA: true, alpha })),
      fromKeys(dValues),
    ];
  });
}

/**
 * `mask` [length, length], in which in addition no position sees further back than the `window` − 1 positions before it
 * (Beltagy et al. 2020, causal). Distances are counted in rows, so several sequences may follow one another if the mask
 * already separates them.
 */
export function slidingWindow(mask: Value, window: number): Value {
  const { graph } = mask;
  const scalar = { type: 'int64', shape: [] } as const;
  const [size] = graph.node('Shape', [mask], [{ type: 'int64', shape: [1] }], {
    attributes: { start: 0, end: 1 },
  });
  const [length] = graph.node('Squeeze', [size], [scalar]);
  const places: Value = graph.node(
    'Range',
    [graph.constant('int64', [0]), length, graph.constant('int64', [1])],
    [{ type: 'int64', shape: [mask.shape[0]!] }],
  )[0]!;
  const asColumn = graph.constant('int64', [1], [1]);
  const [rows] = graph.node('Unsqueeze', [places, asColumn], [{ type: 'int64', shape: [mask.shape[0]!, 1] }]);
  const [distance] = graph.node('Sub', [rows, places], [{ type: 'int64', shape: mask.shape }]);
  const [near] = graph.node(
    'Less',
    [distance, graph.constant('int64', [window])],
    [{ type: 'bool', shape: mask.shape }],
  );
  return graph.node('Where', [near, mask, graph.constant('float32', [-1e30])], [mask])[0]!;
}
