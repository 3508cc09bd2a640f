/** BERT with gradients: graphs for a forward, a backward, and the losses between them. */
import {
  add,
  backpropagate,
  binaryCrossEntropy,
  concatenate,
  crossEntropy,
  emptyInt8Columns,
  Graph,
  gatherRows,
  gelu,
  gradients,
  type Int8Weight,
  int8Columns,
  int8Linear,
  int8Transposed,
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
import type { Int8Layer } from './decoder-config.ts';

/** `vector`: pooled hidden states; `score`: one logit from BERT's pooler and a classifier over [CLS]. */
export type BertHead = 'vector' | 'score';

/** Matrices of an adapter by `<linear's path>.a` [rank, in] and `.b` [out, rank]. */
export interface BertLora {
  rank: number;
  alpha: number;
  matrices: Map<string, Float32Array>;
}

export interface BertTrainingGraphs {
  /** Inputs as {@link packSequences} gives them → `result`: [sequences, hidden] or [sequences, 1], and `between`. */
  forward: Graph;
  /** The same inputs, `between`, and `result.gradient` → `<parameter>.gradient` for each parameter of `trained`. */
  backward: Graph;
  between: readonly string[];
  /**
   * The tensors whose gradients the backward returns. For the three embedding tables it does not: it returns
   * `embedded.gradient` [rows, hidden], which belongs to a table's row wherever that row was picked.
   */
  trained: string[];
  /** Brings the integers that products are computed with to what the weights are now; nothing to do in float32. */
  refresh(): void;
}

/** An input without padding: token ids, special tokens included, and their types (0 where absent). */
export interface BertSequence {
  ids: Int32Array;
  types?: Int32Array;
}

/**
 * The encoder (Devlin et al. 2018) without dropout. All sequences' rows lie one after another, so that no product is
 * computed for padding; only attention lays them apart. With `lora` its matrices are trained, without it every weight.
 * Weights are meant to be fed: the model's own arrays are used, and what is written to them is seen by the next run.
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
  const graph = new Graph(`bert ${head}`);
  const trainable = new Map<string, Value>();
  const weight = (name: string, trained: boolean) => {
    const value = graph.weight(name, model.weights.get(name)!, model.shapes.get(name)! as number[]);
    if (trained) trainable.set(name, value);
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

  const integers: TrainedIntegers[] = [];
  const int8Of = (names: readonly string[]): Int8Weight => {
    const own = new TrainedIntegers(model, names);
    integers.push(own);
    const { out, width, layer } = own;
    const matrix = (direction: 'forward' | 'backward', shape: number[]) => ({
      values: graph.weight(`${names[0]}.${direction}`, layer[direction].values, shape, 'int8'),
      scales: graph.weight(`${names[0]}.${direction}.scales`, layer[direction].scales, [shape[1]!]),
    });
    return { forward: matrix('forward', [width, out]), backward: matrix('backward', [out, width]) };
  };

  /** Linear layers that read the same rows, their outputs side by side; `before` is not kept for the backward. */
  const dense = (x: Value, names: readonly string[], before: (x: Value) => Value = (same) => same) => {
    if (full && products === 'int8') {
      const int8 = int8Of(names);
      const weights = names.map((name): Value => {
        // Only named: its numbers are in the integers.
        const shape = model.shapes.get(`${name}.weight`)!;
        const value: Value = { graph, name: `${name}.weight`, type: 'float32', shape: [...shape] };
        trainable.set(value.name, value);
        return value;
      });
      const biases = names.map((name) => weight(`${name}.bias`, true));
      return recomputed([x], [...weights, ...biases], ([input]) => [
        int8Linear(before(input!), { int8, weights, biases }),
      ])[0]!;
    }
    if (full) {
      const w = names.map((name) => weight(`${name}.weight`, true));
      const b = names.map((name) => weight(`${name}.bias`, true));
      return recomputed([x], [...w, ...b], ([input]) => [
        linear(before(input!), concatenate(w, 0), concatenate(b, 0)),
      ])[0]!;
    }
    const linears = bertLinears(settings);
    const layers = names.map((name): LoraLayer => {
      const [out, into] = linears.get(name)!;
      const matrix = (side: 'a' | 'b', shape: number[]) => {
        const value = graph.weight(`${name}.${side}`, lora.matrices.get(`${name}.${side}`)!, shape);
        trainable.set(value.name, value);
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
  const targets = full ? [embedded, ...trainable.values()] : [...trainable.values()];
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
    trained: [...trainable.keys()],
    refresh: () => {
      for (const own of integers) own.refresh();
    },
  };
}

/** Matrices under each other, in float32 in the model and in eight bits here. */
class TrainedIntegers {
  readonly out: number;
  readonly width: number;
  readonly layer: Int8Layer;
  readonly #parts: readonly Float32Array[];
  readonly #whole: Float32Array;

  constructor(model: BertModel, names: readonly string[]) {
    const shapes = names.map((name) => model.shapes.get(`${name}.weight`) as readonly [number, number]);
    this.out = shapes.reduce((total, [out]) => total + out, 0);
    this.width = shapes[0]![1];
    this.layer = {
      forward: emptyInt8Columns(this.width, this.out),
      backward: emptyInt8Columns(this.out, this.width),
    };
    this.#parts = names.map((name) => model.weights.get(`${name}.weight`)!);
    this.#whole = this.#parts.length === 1 ? this.#parts[0]! : new Float32Array(this.out * this.width);
    this.refresh();
  }

  refresh(): void {
    if (this.#parts.length > 1) {
      let at = 0;
      for (const part of this.#parts) {
        this.#whole.set(part, at);
        at += part.length;
      }
    }
    int8Transposed(this.#whole, this.out, this.width, this.layer.forward);
    int8Columns(this.#whole, this.out, this.width, this.layer.backward);
  }
}

/** The three tables, and which input of the graph says what row of them each of its rows has. */
export const bertTables = {
  'embeddings.word_embeddings.weight': 'ids',
  'embeddings.position_embeddings.weight': 'positions',
  'embeddings.token_type_embeddings.weight': 'types',
} as const;

/** Inputs of both graphs. `pooling`: how a sequence's rows become one: their mean, or the first of them. */
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
 * In-batch negatives (Henderson et al. 2017; sentence-transformers' MultipleNegativesRankingLoss): each query's cosines
 * with all candidates, times `scale`, are a softmax in which its own candidate should win. `queries` [queries, width],
 * `candidates` [candidates, width], `labels` [queries] (the place of each query's own) → `loss` (the mean), and
 * `queries.gradient` and `candidates.gradient`.
 */
export function rankingLossGraph(width: number, scale: number): Graph {
  const graph = new Graph('in-batch negatives');
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

/** Binary cross-entropy: `scores` [texts, 1], `targets` [texts] → `loss` (the sum) and `scores.gradient`. */
export function scoreLossGraph(): Graph {
  const graph = new Graph('binary cross-entropy');
  const scores = graph.input('scores', 'float32', ['texts', 1]);
  const targets = graph.input('targets', 'float32', ['texts']);
  const share = graph.input('share', 'float32', []); // 1 / texts
  const sum = binaryCrossEntropy(reshape(scores, ['texts']), targets);
  const [dScores] = gradients(sum, [scores], share);
  graph.output('loss', sum);
  graph.output('scores.gradient', dScores!);
  return graph;
}
