/** BERT with gradients: the graphs of its forward and its backward, and the losses in between. */
import {
  add,
  backpropagate,
  binaryCrossEntropy,
  concatenate,
  crossEntropy,
  Graph,
  gatherRows,
  gelu,
  gradients,
  type Int8Matrix,
  type Int8Weight,
  int8ColumnsOf,
  int8Linear,
  int8RowsTransposed,
  type LoraLayer,
  layerNorm,
  linear,
  loraLinear,
  matMul,
  type PackedRows,
  packedAttention,
  recomputed,
  reshape,
  type TensorData,
  tanh,
  unitLength,
  type Value,
} from '../graph/index.ts';
import { type BertModel, bertLinears } from './bert-weights.ts';

/** `vector`: pooled hidden states; `score`: one logit from BERT's pooler and a classifier over [CLS]. */
export type BertHead = 'vector' | 'score';

/** An adapter for a BERT: its matrices by `<path of the linear layer>.a` [rank, in] and `.b` [out, rank]. */
export interface BertLora {
  rank: number;
  alpha: number;
  matrices: Map<string, Float32Array>;
}

/** A training step in two graphs, so that a loss over many batches can be computed in between. */
export interface BertTrainingGraphs {
  /**
   * The inputs of {@link packSequences} → `result`: [sequences, hidden] or [sequences, 1], and the values named in
   * `between`.
   */
  forward: Graph;
  /**
   * The same inputs, the values named in `between`, and `result.gradient` → `<parameter>.gradient` for each tensor of
   * `trained`.
   */
  backward: Graph;
  /** Names of the values that the forward computes and the backward reads. */
  between: readonly string[];
  /**
   * The tensors whose gradients the backward returns. The three embedding tables are not among them: for those it
   * returns `embedded.gradient` [rows, hidden], each row of which belongs to the rows of the tables that were picked
   * there.
   */
  trained: readonly TrainedTensor[];
  /** With `int8`: rounds the current weights to the integers that are inputs of both graphs. */
  rounding?: Graph;
}

/** A tensor whose gradient the backward returns, as `<name>.gradient`. */
export interface TrainedTensor {
  name: string;
  shape: readonly number[];
  /** The parameters that it consists of, stacked. */
  parts: readonly string[];
  /**
   * Whether the backward adds to the gradient the input `<name>.earlier`, of the gradient's shape or [1, 1]: the sum
   * over the earlier passes of the batch.
   */
  summed: boolean;
}

/** A sequence without padding: token ids, special tokens included, and their types (0 where absent). */
export interface BertSequence {
  ids: Int32Array;
  types?: Int32Array;
}

/**
 * The encoder (Devlin et al. 2018) without dropout. The rows of all sequences follow one another, so that nothing is
 * computed for padding; only attention separates them. With `lora` only its matrices are trained, without it every
 * weight. Weights are meant to be fed at each run: the graphs use the model's own arrays, so the next run sees what is
 * written to them.
 */
export function bertTrainingGraphs(
  model: BertModel,
  options: {
    head: BertHead;
    lora?: BertLora | undefined;
    /** `int8` (without `lora`): see {@link int8Linear}. Default float32. */
    products?: 'float32' | 'int8' | undefined;
  },
): BertTrainingGraphs {
  const { settings } = model;
  const { hiddenSize, heads, epsilon } = settings;
  const { head, lora, products = 'float32' } = options;
  const graph = new Graph(`bert ${head}`, { outputs: 'where computed' });
  const trainable = new Map<string, { value: Value; parts: readonly string[]; earlier?: Value }>();
  const weight = (name: string, trained: boolean) => {
    const value = graph.weight(name, model.weights.get(name)!, model.shapes.get(name)! as number[]);
    if (trained) trainable.set(name, { value, parts: [name] });
    return value;
  };
  const full = lora === undefined;

  const rowIndices = (name: string) => graph.input(name, 'int32', ['rows']);
  const packed: PackedRows = {
    pad: graph.input('pad', 'int32', ['batch', 'length']),
    unpad: rowIndices('unpad'),
    mask: graph.input('mask', 'float32', ['batch', 1, 1, 'length']),
  };
  const table = (name: string, indices: Value) =>
    gatherRows(weight(`embeddings.${name}.weight`, false), indices);
  const embedded = add(
    add(table('word_embeddings', rowIndices('ids')), table('position_embeddings', rowIndices('positions'))),
    table('token_type_embeddings', rowIndices('types')),
  );
  const norm = (x: Value, name: string) =>
    layerNorm(x, weight(`${name}.LayerNorm.weight`, full), weight(`${name}.LayerNorm.bias`, full), epsilon);

  const rounding = new Graph('integers of what is trained', { outputs: 'where computed' });
  /** The integers of a matrix: outputs of `rounding`, and inputs of this graph. */
  const int8Of = (matrix: Value, data: Float32Array): Int8Weight => {
    const [out, width] = matrix.shape as [number, number];
    const w = rounding.weight(matrix.name, data, [out, width]);
    const side = (direction: 'forward' | 'backward', rounded: Int8Matrix) => {
      const name = `${matrix.name}.${direction}`;
      rounding.output(name, rounded.values);
      rounding.output(`${name}.scales`, rounded.scales);
      const [rows, columns] = direction === 'forward' ? [width, out] : [out, width];
      return {
        values: graph.input(name, 'int8', [rows, columns]),
        scales: graph.input(`${name}.scales`, 'float32', [columns]),
      };
    };
    return {
      forward: side('forward', int8RowsTransposed(w)),
      backward: side('backward', int8ColumnsOf(w)),
    };
  };

  /**
   * Linear layers that read the same rows, with their outputs side by side. The result of `before` is not kept for the
   * backward.
   */
  const dense = (x: Value, names: readonly string[], before: (x: Value) => Value = (same) => same) => {
    if (full) {
      const [joinedWeight, joinedBias] = (['weight', 'bias'] as const).map((kind) =>
        joinTensors(
          model,
          names.map((name) => `${name}.${kind}`),
        ),
      ) as [JoinedTensor, JoinedTensor];
      const bias = graph.weight(joinedBias.name, joinedBias.data, joinedBias.shape);
      trainable.set(bias.name, { value: bias, parts: joinedBias.parts });
      const { name, data, shape, parts } = joinedWeight;
      const earlier = graph.input(`${name}.earlier`, 'float32', [`${name}.rows`, `${name}.columns`]);
      // With int8 it is only a name: its values are in the integers.
      const w: Value =
        products === 'int8' ? { graph, name, type: 'float32', shape } : graph.weight(name, data, shape);
      trainable.set(name, { value: w, parts, earlier });
      const int8 = products === 'int8' ? int8Of(w, data) : undefined;
      return recomputed([x], [w, bias], ([input]) => [
        int8
          ? int8Linear(before(input!), { int8, weight: w, bias, earlier })
          : linear(before(input!), w, bias, earlier),
      ])[0]!;
    }
    const linears = bertLinears(settings);
    const layers = names.map((name): LoraLayer => {
      const [out, into] = linears.get(name)!;
      const matrix = (side: 'a' | 'b', shape: number[]) => {
        const value = graph.weight(`${name}.${side}`, lora.matrices.get(`${name}.${side}`)!, shape);
        trainable.set(value.name, { value, parts: [value.name] });
        return value;
      };
      return {
        weight: weight(`${name}.weight`, false),
        adapter: { a: matrix('a', [lora.rank, into]), b: matrix('b', [out, lora.rank]) },
      };
    });
    const b = names.map((name) => weight(`${name}.bias`, false));
    const adapters = layers.flatMap(({ adapter }) => [adapter!.a, adapter!.b]);
    return recomputed([x], adapters, ([input]) => [
      add(concatenate(loraLinear(before(input!), layers, lora.alpha / lora.rank), 1), concatenate(b, 0)),
    ])[0]!;
  };

  let x = norm(embedded, 'embeddings');
  for (let layer = 0; layer < settings.layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const qkv = dense(
      x,
      ['query', 'key', 'value'].map((part) => `${name}.attention.self.${part}`),
    );
    const attended = packedAttention(qkv, packed, heads);
    x = norm(add(dense(attended, [`${name}.attention.output.dense`]), x), `${name}.attention.output`);
    const inner = dense(x, [`${name}.intermediate.dense`]);
    x = norm(add(dense(inner, [`${name}.output.dense`], gelu), x), `${name}.output`);
  }

  const pooled = matMul(graph.input('pooling', 'float32', ['batch', 'rows']), x);
  const result =
    head === 'vector'
      ? pooled
      : linear(
          tanh(linear(pooled, weight('pooler.dense.weight', true), weight('pooler.dense.bias', true))),
          weight('classifier.weight', true),
          weight('classifier.bias', true),
        );
  graph.output('result', result);
  const at = graph.size;

  const seed = graph.input('result.gradient', 'float32', ['batch', head === 'vector' ? hiddenSize : 1]);
  const values = [...trainable.values()].map(({ value }) => value);
  const targets = full ? [embedded, ...values] : values;
  const found = backpropagate(graph.tapeEntries, new Map([[result.name, seed]]), targets);
  for (const [index, target] of targets.entries()) {
    const name = target === embedded ? 'embedded' : target.name;
    graph.output(`${name}.gradient`, found[index]!);
  }
  const { before, after, between } = graph.split(at);
  return {
    forward: before,
    backward: after,
    between: between.map(({ name }) => name),
    trained: [...trainable].map(([name, { value, parts, earlier }]) => ({
      name,
      shape: value.shape as number[],
      parts,
      summed: earlier !== undefined,
    })),
    ...(products === 'int8' && { rounding }),
  };
}

interface JoinedTensor {
  name: string;
  data: Float32Array;
  shape: number[];
  parts: readonly string[];
}

/** Stacks tensors of the model in one piece of memory, and makes the model use that memory from now on. */
function joinTensors(model: BertModel, parts: readonly string[]): JoinedTensor {
  const shapes = parts.map((name) => model.shapes.get(name)!);
  const first = model.weights.get(parts[0]!)!;
  const shape = [shapes.reduce((rows, own) => rows + own[0]!, 0), ...shapes[0]!.slice(1)];
  if (parts.length === 1) return { name: parts[0]!, data: first, shape, parts };
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let at = 0;
  for (const name of parts) {
    const own = data.subarray(at, (at += model.weights.get(name)!.length));
    own.set(model.weights.get(name)!);
    model.weights.set(name, own);
  }
  return { name: parts.join('+'), data, shape, parts };
}

/** The three embedding tables, and the graph input that says which of their rows each row picks. */
export const bertTables = {
  'embeddings.word_embeddings.weight': 'ids',
  'embeddings.position_embeddings.weight': 'positions',
  'embeddings.token_type_embeddings.weight': 'types',
} as const;

/**
 * The inputs of both graphs for a batch.
 * @param pooling how the rows of a sequence become one: their mean, or the first of them.
 */
export function packSequences(
  sequences: readonly BertSequence[],
  pooling: 'mean' | 'cls',
): Record<'ids' | 'positions' | 'types' | 'pad' | 'unpad' | 'mask' | 'pooling', TensorData> {
  const batch = sequences.length;
  const length = Math.max(...sequences.map(({ ids }) => ids.length));
  const rows = sequences.reduce((total, { ids }) => total + ids.length, 0);
  const ids = new Int32Array(rows);
  const positions = new Int32Array(rows);
  const types = new Int32Array(rows);
  const unpad = new Int32Array(rows);
  const pad = new Int32Array(batch * length);
  const mask = new Float32Array(batch * length).fill(-1e30);
  const mean = new Float32Array(batch * rows);
  let row = 0;
  for (const [sequence, { ids: own, types: ownTypes }] of sequences.entries()) {
    ids.set(own, row);
    if (ownTypes) types.set(ownTypes, row);
    if (pooling === 'cls') mean[sequence * rows + row] = 1;
    else mean.fill(1 / own.length, sequence * rows + row, sequence * rows + row + own.length);
    for (let position = 0; position < own.length; position++, row++) {
      const place = sequence * length + position;
      positions[row] = position;
      unpad[row] = place;
      pad[place] = row;
      mask[place] = 0;
    }
  }
  const column = (data: Int32Array) => ({ data, shape: [rows] });
  return {
    ids: column(ids),
    positions: column(positions),
    types: column(types),
    unpad: column(unpad),
    pad: { data: pad, shape: [batch, length] },
    mask: { data: mask, shape: [batch, 1, 1, length] },
    pooling: { data: mean, shape: [batch, rows] },
  };
}

/**
 * The loss of in-batch negatives (Henderson et al. 2017; sentence-transformers' MultipleNegativesRankingLoss). The
 * cosines of a query with all candidates, times `scale`, go through a softmax, and the query's own candidate should
 * win.
 *
 * `queries` [queries, width], `candidates` [candidates, width], `labels` [queries] (the index of each query's own
 * candidate) and `share` (1 / queries) → `loss` (the sum over queries), and `queries.gradient` and
 * `candidates.gradient` (of the mean).
 */
export function rankingLossGraph(width: number, scale: number): Graph {
  const graph = new Graph('in-batch negatives', { outputs: 'where computed' });
  const queries = graph.input('queries', 'float32', ['queries', width]);
  const candidates = graph.input('candidates', 'float32', ['candidates', width]);
  const labels = graph.input('labels', 'int32', ['queries']);
  const share = graph.input('share', 'float32', []); // 1 / queries
  const cosines = matMul(unitLength(queries), unitLength(candidates), { transB: true, alpha: scale });
  const sum = crossEntropy(cosines, labels);
  const [dQueries, dCandidates] = gradients(sum, [queries, candidates], share);
  graph.output('loss', sum);
  graph.output('queries.gradient', dQueries!);
  graph.output('candidates.gradient', dCandidates!);
  return graph;
}

/**
 * Binary cross-entropy: `scores` [texts, 1], `targets` [texts] and `share` (1 / texts) → `loss` (the sum) and
 * `scores.gradient` (of the mean).
 */
export function scoreLossGraph(): Graph {
  const graph = new Graph('binary cross-entropy', { outputs: 'where computed' });
  const scores = graph.input('scores', 'float32', ['texts', 1]);
  const targets = graph.input('targets', 'float32', ['texts']);
  const share = graph.input('share', 'float32', []); // 1 / texts
  const sum = binaryCrossEntropy(reshape(scores, ['texts']), targets);
  const [dScores] = gradients(sum, [scores], share);
  graph.output('loss', sum);
  graph.output('scores.gradient', dScores!);
  return graph;
}
