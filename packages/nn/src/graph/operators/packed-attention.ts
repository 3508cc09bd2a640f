/** Bidirectional attention over sequences whose rows follow one another without padding. */
import { differentiable, type Value } from '../graph.ts';
import { delayUntil } from '../recompute.ts';
import { binary, unary } from './elementwise.ts';
import { batchedMatMul } from './matrix.ts';
import { concatenateNode, reshapeNode, splitNode, transposeNode } from './shape.ts';
import { softmaxNode } from './softmax.ts';

/** Where the rows of sequences of different lengths belong. */
export interface PackedRows {
  /** The row at each place of each sequence: [batch, length] int32; any row where the sequence has ended. */
  pad: Value;
  /** The place of each row, counted over the whole [batch, length]: [rows] int32. */
  unpad: Value;
  /** 0 where a sequence has a row and −1e30 where it has ended: [batch, 1, 1, length]. */
  mask: Value;
}

/**
 * softmax(q · kᵀ / √headWidth) · v for each head; every row looks at all rows of its own sequence. qkv: queries, keys
 * and values side by side, [rows, 3·heads·headWidth]; the result is [rows, heads·headWidth].
 *
 * Only here are sequences padded to the longest; everything else in an encoder works on rows. The backward keeps
 * queries, keys and values in the padded form. It computes the probabilities, length² for each head, again; the
 * backward of the softmax uses them only once, because Σ dP·P = Σ dO·O over a row (Dao et al. 2022).
 */
export function packedAttention(qkv: Value, { pad, unpad, mask }: PackedRows, heads: number): Value {
  const { graph } = qkv;
  const width = (qkv.shape[1] as number) / 3;
  const headWidth = width / heads;
  const [batch, length] = pad.shape as [string | number, string | number];
  const alpha = 1 / Math.sqrt(headWidth);
  const rows = qkv.shape[0]!;

  const gather = (x: Value, indices: Value) =>
    graph.node('Gather', [x, indices], [{ type: x.type, shape: [...indices.shape, ...x.shape.slice(1)] }], {
      attributes: { axis: 0 },
    })[0]!;
  const first = graph.constant('int64', [0], [1]);
  const perHead = [batch, heads, length, headWidth];
  const padAndSplit = (x: Value) => {
    const places = reshapeNode(gather(x, pad), [batch, length, 3, heads, headWidth]);
    return splitNode(transposeNode(places, [2, 0, 3, 1, 4]), 0, [1, 1, 1]).map(
      (part) => graph.node('Squeeze', [part, first], [{ type: x.type, shape: perHead }])[0]!,
    ) as [Value, Value, Value];
  };
  const probabilities = (q: Value, k: Value) =>
    softmaxNode(binary('Add', batchedMatMul(q, k, { transB: true, alpha }), mask));

  const [q, k, v] = padAndSplit(qkv);
  const mixed = transposeNode(batchedMatMul(probabilities(q, k), v), [0, 2, 1, 3]);
  const y = gather(reshapeNode(mixed, ['places', width]), unpad);
  return differentiable(y, [qkv], (dy) => {
    const p = probabilities(delayUntil(q, dy), k);
    // No gradient may come from places after a sequence's end: 1 within the sequence, 0 after it.
    const keep = transposeNode(reshapeNode(unary('Exp', mask), [batch, 1, length]), [0, 2, 1]);
    const sums = graph.node(
      'ReduceSum',
      [reshapeNode(binary('Mul', dy, y), [rows, heads, headWidth]), graph.constant('int64', [-1], [1])],
      [{ type: y.type, shape: [rows, heads] }],
      { attributes: { keepdims: 0 } },
    )[0]!;
    const rowSums = graph.node(
      'Unsqueeze',
      [transposeNode(binary('Mul', gather(sums, pad), keep), [0, 2, 1]), graph.constant('int64', [-1], [1])],
      [{ type: y.type, shape: [batch, heads, length, 1] }],
    )[0]!;
    const dO = transposeNode(
      reshapeNode(binary('Mul', gather(dy, pad), keep), [batch, length, heads, headWidth]),
      [0, 2, 1, 3],
    );
    const dV = batchedMatMul(p, dO, { transA: true });
    const dP = batchedMatMul(dO, v, { transB: true });
    const dScores = binary('Mul', binary('Sub', dP, rowSums), p);
    const dQ = batchedMatMul(dScores, k, { alpha });
    const dK = batchedMatMul(dScores, q, { transA: true, alpha });
    const stacked = concatenateNode(
      [dQ, dK, dV].map(
        (part) => graph.node('Unsqueeze', [part, first], [{ type: y.type, shape: [1, ...perHead] }])[0]!,
      ),
      0,
    );
    const places = reshapeNode(transposeNode(stacked, [1, 3, 0, 2, 4]), ['places', 3 * width]);
    return [gather(places, unpad)];
  });
}
