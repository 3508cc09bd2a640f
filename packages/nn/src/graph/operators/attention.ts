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
 * The queries go through in this many parts, each with the keys up to its own end: what a mask would hide is mostly not
 * computed, 3/8 of the work, and scores exist for one part at a time.
 */
const parts = 4;

/**
 * softmax(attentionScale · q · kᵀ + mask) · v for each head, where `heads / keyValueHeads` query heads share a key head
 * (Ainslie et al. 2023). q: [batch, length, heads·headWidth], k and v: [batch, length, keyValueHeads·headWidth], mask:
 * [length, length], 0 where a position may look at another and very negative where it may not, as at all later
 * positions. The result has q's shape.
 *
 * The queries that share a key head are stacked, so that there is one matrix product for each key head and no key is
 * repeated. The probabilities, length² for each head, are the largest values of the model: the backward computes them
 * again. The backward of the softmax uses them only once, because Σ dP·P = Σ dO·O over a row.
 */
export function causalAttention(q: Value, k: Value, v: Value, mask: Value, sizes: AttentionSizes): Value {
  const { keyValueHeads, headWidth } = sizes;
  const group = sizes.heads / keyValueHeads;
  const [batch, length] = q.shape as [Dimension, Dimension];
  const alpha = sizes.attentionScale ?? 1 / Math.sqrt(headWidth);
  const byHead = [batch, keyValueHeads, group, length, headWidth];

  const headsOfQueries = (x: Value) =>
    transposeNode(reshapeNode(x, [batch, length, keyValueHeads, group, headWidth]), [0, 2, 3, 1, 4]);
  const headsOfKeys = (x: Value) =>
    transposeNode(reshapeNode(x, [batch, length, keyValueHeads, headWidth]), [0, 2, 1, 3]);
  const fromQueries = (x: Value) =>
    reshapeNode(transposeNode(reshapeNode(x, byHead), [0, 3, 1, 2, 4]), q.shape);
  const fromKeys = (x: Value) => reshapeNode(transposeNode(x, [0, 2, 1, 3]), k.shape);
  const cut = new CausalParts(q, { keyValueHeads, group, headWidth });
  const probabilities = (part: CausalPart, queries: Value, keys: Value, ownMask: Value) =>
    part.stacked(
      softmaxNode(binary('Add', part.apart(batchedMatMul(queries, keys, { transB: true, alpha })), ownMask)),
    );

  const [queries, keys, values] = [headsOfQueries(q), headsOfKeys(k), headsOfKeys(v)];
  const mixed = cut.parts.map((part) => {
    const p = probabilities(part, part.queries(queries), part.keys(keys), part.mask(mask));
    return part.heads(batchedMatMul(p, part.keys(values)));
  });
  const y = fromQueries(cut.join(mixed));
  return differentiable(y, [q, k, v], (dy) => {
    const gradient = headsOfQueries(dy);
    const [lateQueries, lateKeys] = [headsOfQueries(delayUntil(q, dy)), headsOfKeys(delayUntil(k, dy))];
    const lateValues = headsOfKeys(delayUntil(v, dy));
    const projection = headsOfQueries(binary('Mul', dy, y));
    const each = cut.parts.map((part) => {
      const [ownQueries, ownKeys] = [part.queries(lateQueries), part.keys(lateKeys)];
      const dOwn = part.queries(gradient);
      const p = probabilities(part, ownQueries, ownKeys, part.mask(mask));
      const rowSums = reduce('ReduceSum', part.queries(projection), [-1], true);
      const dP = batchedMatMul(dOwn, part.keys(lateValues), { transB: true });
      const dScores = binary('Mul', binary('Sub', dP, rowSums), p);
      return {
        dQueries: part.heads(batchedMatMul(dScores, ownKeys, { alpha })),
        dKeys: part.padded(batchedMatMul(dScores, ownQueries, { transA: true, alpha })),
        dValues: part.padded(batchedMatMul(p, dOwn, { transA: true })),
      };
    });
    return [
      fromQueries(cut.join(each.map(({ dQueries }) => dQueries))),
      fromKeys(cut.sum(each.map(({ dKeys }) => dKeys))),
      fromKeys(cut.sum(each.map(({ dValues }) => dValues))),
    ];
  });
}

/** A stretch of queries and the keys up to its end. */
interface CausalPart {
  /** [batch, keyValueHeads, group, length, headWidth] → the part's rows, [batch, keyValueHeads, group·rows, headWidth]. */
  queries(x: Value): Value;
  /** [batch, keyValueHeads, length, headWidth] → its beginning. */
  keys(x: Value): Value;
  /** [length, length] → the part's rows, and columns up to its end. */
  mask(x: Value): Value;
  /** [batch, keyValueHeads, group·rows, keys] → [batch, keyValueHeads, group, rows, keys]. */
  apart(scores: Value): Value;
  /** The inverse of `apart`. */
  stacked(scores: Value): Value;
  /** [batch, keyValueHeads, group·rows, headWidth] → [batch, keyValueHeads, group, rows, headWidth]. */
  heads(x: Value): Value;
  /** The gradient of `keys`: zeros after the part's end. */
  padded(x: Value): Value;
}

/** Cuts the length of a causal attention, known only at run time, into parts. No tape entries. */
class CausalParts {
  readonly parts: readonly CausalPart[];

  constructor(q: Value, sizes: { keyValueHeads: number; group: number; headWidth: number }) {
    const { graph } = q;
    const { keyValueHeads, group, headWidth } = sizes;
    const [batch] = q.shape as [Dimension];
    const one = (value: number) => graph.constant('int64', [value], [1]);
    const integers = (operator: string, inputs: Value[]): Value =>
      graph.node(operator, inputs, [{ type: 'int64', shape: [1] }])[0]!;
    const sizeOf = (start: number) =>
      graph.node('Shape', [q], [{ type: 'int64', shape: [1] }], {
        attributes: { start, end: start + 1 },
      })[0]!;
    const [batchSize, length] = [sizeOf(0), sizeOf(1)];
    // Of fewer positions than parts, the last part has all and the others have neither rows nor keys: ONNX Runtime (1.30)
    // leaves a product over no rows as it finds the memory.
    const size = integers('Div', [length, one(parts)]);
    const bounds = Array.from({ length: parts + 1 }, (_, index) =>
      index === parts ? length : integers('Mul', [size, one(index)]),
    );
    const slice = (x: Value, axis: number, from: Value, to: Value, count: Dimension): Value =>
      graph.node(
        'Slice',
        [x, from, to, one(axis)],
        [{ type: x.type, shape: x.shape.map((own, at) => (at === axis ? count : own)) }],
      )[0]!;
    const shaped = (x: Value, given: Value[], shape: readonly Dimension[]): Value => {
      const [target] = graph.node('Concat', given, [{ type: 'int64', shape: [given.length] }], {
        attributes: { axis: 0 },
      });
      // A size of 0 is meant as such.
      return graph.node('Reshape', [x, target], [{ type: x.type, shape }], {
        attributes: { allowzero: 1 },
      })[0]!;
    };
    this.parts = Array.from({ length: parts }, (_, index): CausalPart => {
      const [from, to] = [bounds[index]!, bounds[index + 1]!];
      const rows = integers('Sub', [to, from]);
      const [ownRows, ownKeys] = [`rows ${index}`, `keys ${index}`];
      const stackedRows = `${group}*${ownRows}`;
      const stackedSizes = (last: Value) => [
        batchSize,
        one(keyValueHeads),
        integers('Mul', [rows, one(group)]),
        last,
      ];
      const apartSizes = (last: Value) => [batchSize, one(keyValueHeads), one(group), rows, last];
      const stackedShape = (last: Dimension) => [batch, keyValueHeads, stackedRows, last];
      const apartShape = (last: Dimension) => [batch, keyValueHeads, group, ownRows, last];
      return {
        queries: (x) =>
          shaped(slice(x, 3, from, to, ownRows), stackedSizes(one(headWidth)), stackedShape(headWidth)),
        keys: (x) => slice(x, 2, one(0), to, ownKeys),
        mask: (x) => slice(slice(x, 0, from, to, ownRows), 1, one(0), to, ownKeys),
        apart: (scores) => shaped(scores, apartSizes(to), apartShape(ownKeys)),
        stacked: (scores) => shaped(scores, stackedSizes(to), stackedShape(ownKeys)),
        heads: (x) => shaped(x, apartSizes(one(headWidth)), apartShape(headWidth)),
        padded(x) {
          const [pads] = graph.node(
            'Concat',
            [one(0), integers('Sub', [length, to])],
            [{ type: 'int64', shape: [2] }],
            { attributes: { axis: 0 } },
          );
          const shape = x.shape.map((own, axis) => (axis === 2 ? q.shape[1]! : own));
          return graph.node('Pad', [x, pads!, undefined, one(2)], [{ type: x.type, shape }])[0]!;
        },
      };
    });
  }

  /** The inverse of all parts' `queries`, after `heads`. */
  join(own: readonly Value[]): Value {
    const [first] = own as [Value];
    const shape = first.shape.map((size, axis) => (axis === 3 ? 'length' : size));
    return first.graph.node('Concat', own, [{ type: first.type, shape }], { attributes: { axis: 3 } })[0]!;
  }

  sum(own: readonly Value[]): Value {
    return own[0]!.graph.node('Sum', own, [own[0]!])[0]!;
  }
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
