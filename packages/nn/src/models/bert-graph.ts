/**
 * BERT as an ONNX graph for inference. Of ONNX Runtime's fused operators it uses only those that are faster than their
 * parts. On a CPU (512 rows of 384) SkipLayerNormalization takes three to eleven times as long as Add and
 * LayerNormalization, and BiasGelu is no faster than Add and Gelu.
 */
import type { SafetensorsFile } from '../formats/safetensors.ts';
import {
  Graph,
  type Int8Columns,
  type Int8Rows,
  int8ColumnSums,
  int8Product,
  int8Rows,
  int8RowsAbove,
  int8Transposed,
  type Value,
} from '../graph/index.ts';
import type { BertSettings } from './bert-settings.ts';
import type { BertHead } from './bert-training.ts';
import { createWeightReader } from './encoder-weights.ts';
import type { LowRankDifference } from './low-rank-difference.ts';
import { poolTokens } from './pooling.ts';

/**
 * Groups inputs into runs of one length each, so that nothing is padded, and of a few hundred tokens. Gives the indexes
 * of each run's inputs, longest first: an estimate of the time left is then rather too high than too low.
 */
export function* cutIntoRuns(
  inputs: readonly { length: number }[],
  batchSize = Number.POSITIVE_INFINITY,
): Generator<number[]> {
  const byLength = Map.groupBy(inputs.keys(), (index) => inputs[index]!.length);
  for (const length of [...byLength.keys()].sort((a, b) => b - a)) {
    const indexes = byLength.get(length)!;
    const perRun = Math.max(1, Math.min(batchSize, Math.floor(tokensPerRun / length)));
    for (let from = 0; from < indexes.length; from += perRun) yield indexes.slice(from, from + perRun);
  }
}

/**
 * Large enough for matrix products at full speed, small enough not to block the event loop for long: on 2 cores MiniLM
 * computes 12–14 thousand tokens a second with 128 rows or more.
 */
const tokensPerRun = 512;

/**
 * The encoder (Devlin et al. 2018), for texts of one length: no padding, so no mask. ids: [texts, length] int32 →
 * embedding: [texts, hidden]. With the head `score` there is also types: [texts, length] int32, and the output is
 * score: [texts, 1], from BERT's pooler and a classifier over the first token.
 *
 * With `int8` the layers' products are in eight bits, except those of the values. Each row of activations has its own
 * scale, so that a text's vector still does not depend on the other texts. The fused operators are ONNX Runtime's own
 * ("com.microsoft", ContribOperators.md).
 *
 * Why not the values: every token attends to [CLS] and [SEP], which have features twenty times as large as other
 * tokens. What rounding does to their small features is therefore the same for all tokens and does not average out. On
 * MiniLM these products, a twelfth of all, caused more than half of the error of the vectors.
 */
export async function buildBert(
  file: SafetensorsFile,
  settings: BertSettings,
  head: BertHead,
  precision: 'float32' | 'int8' = 'float32',
  difference?: LowRankDifference,
): Promise<Graph> {
  const { hiddenSize, layers, heads, intermediateSize, epsilon, positions, firstPosition } = settings;
  const graph = new Graph('bert');
  const { weight, read } = await createWeightReader(file, graph, {
    first: 'embeddings.word_embeddings.weight',
    heads: ['classifier.'],
    inMemory: precision === 'int8',
    difference,
  });
  const ids = graph.input('ids', 'int32', ['texts', 'length']);

  const rows = { type: 'float32' as const, shape: ['rows', hiddenSize] };
  const texts = { type: 'float32' as const, shape: ['texts', 'length', hiddenSize] };
  const epsilonAttribute = { attributes: { epsilon: { float: epsilon } }, domain: 'com.microsoft' as const };
  const norm = (name: string) => [
    weight(`${name}.LayerNorm.weight`, [hiddenSize]),
    weight(`${name}.LayerNorm.bias`, [hiddenSize]),
  ];

  // For one text (not a pair), every token has type 0.
  const types =
    head === 'score'
      ? graph.input('types', 'int32', ['texts', 'length'])
      : graph.node('Sub', [ids, ids], [ids])[0]!;
  const embedded = graph.node(
    'EmbedLayerNormalization',
    [
      ids,
      types,
      weight('embeddings.word_embeddings.weight', [settings.vocabularySize, hiddenSize]),
      weight('embeddings.position_embeddings.weight', [positions - firstPosition, hiddenSize], {
        from: firstPosition,
        of: positions,
      }),
      weight('embeddings.token_type_embeddings.weight', [settings.tokenTypes, hiddenSize]),
      ...norm('embeddings'),
    ],
    [texts, { type: 'int32', shape: ['texts'] }],
    epsilonAttribute,
  )[0]!;
  const textShape = graph.node('Shape', [embedded], [{ type: 'int64', shape: [3] }])[0]!;
  const toRows = (x: Value) =>
    graph.node('Reshape', [x, graph.constant('int64', [-1, hiddenSize])], [rows])[0]!;
  const toTexts = (x: Value) => graph.node('Reshape', [x, textShape], [texts])[0]!;
  const integers = new Map<string, Int8Columns>();
  if (precision === 'int8') {
    for (const { name, out, width } of integerMatrices(settings)) {
      integers.set(name, int8Transposed(await read(name, [out, width]), out, width));
    }
  }
  const sum = (a: Value, b: Value) => graph.node('Add', [a, b], [a])[0]!;
  /** Rows that several products read are rounded only once. */
  const roundedRows = new Map<Value, Int8Rows>();
  const roundRows = (x: Value, least?: number) => {
    const rows = roundedRows.get(x) ?? (least === undefined ? int8Rows(x) : int8RowsAbove(x, least));
    roundedRows.set(x, rows);
    return rows;
  };
  /** x · Wᵀ (+ bias). `least`: a number that no element of x is below. */
  const product = (
    x: Value,
    name: string,
    [out, width]: readonly [number, number],
    options: { bias?: Value; least?: number } = {},
  ): Value => {
    const { bias, least } = options;
    const matrix = integers.get(`${name}.weight`);
    if (!matrix) {
      return graph.node(
        'Gemm',
        [x, weight(`${name}.weight`, [out, width]), ...(bias ? [bias] : [])],
        [{ type: 'float32', shape: ['rows', out] }],
        { attributes: { transB: 1 } },
      )[0]!;
    }
    const y = int8Product(roundRows(x, least), {
      values: graph.weight(`${name}.int8`, matrix.values, [width, out], 'int8'),
      scales: graph.weight(`${name}.scales`, matrix.scales, [out]),
    });
    if (!bias) return y;
    if (least === undefined) return sum(y, bias);
    const below = int8ColumnSums(matrix).map((sum) => least * sum);
    // Two small vectors, which are added once when the graph is optimised.
    return sum(y, sum(bias, graph.weight(`${name}.below`, below, [out])));
  };
  const dense = (x: Value, name: string, out: number, width: number, least?: number) =>
    product(x, name, [out, width], {
      bias: weight(`${name}.bias`, [out]),
      ...(least !== undefined && { least }),
    });
  /** LayerNorm(x · Wᵀ + bias + residual). */
  const projectAndNorm = (x: Value, residual: Value, name: string, width: number, least?: number) =>
    graph.node(
      'LayerNormalization',
      [sum(dense(x, `${name}.dense`, hiddenSize, width, least), residual), ...norm(name)],
      [rows],
      { attributes: { axis: -1, epsilon: { float: epsilon } } },
    )[0]!;

  let x = toRows(embedded);
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const projections = ['query', 'key', 'value'].map((part) => `${name}.attention.self.${part}`);
    const [query, key, value] = projections.map((path) =>
      toTexts(product(x, path, [hiddenSize, hiddenSize])),
    );
    const biases = projections.map((path) => weight(`${path}.bias`, [hiddenSize]));
    const [bias] = graph.node('Concat', biases, [{ type: 'float32', shape: [3 * hiddenSize] }], {
      attributes: { axis: 0 },
    });
    const attended = graph.node('MultiHeadAttention', [query, key, value, bias], [texts], {
      domain: 'com.microsoft',
      attributes: { num_heads: heads },
    })[0]!;
    x = projectAndNorm(toRows(attended), x, `${name}.attention.output`, hiddenSize);
    const inner = dense(x, `${name}.intermediate.dense`, intermediateSize, hiddenSize);
    const activated = graph.node('Gelu', [inner], [inner])[0]!;
    x = projectAndNorm(activated, x, `${name}.output`, intermediateSize, leastOfGelu);
  }

  const embedding = poolTokens(toTexts(x), head === 'vector' ? settings.pooling : 'cls');
  if (head === 'vector') {
    graph.output('embedding', embedding);
    return graph;
  }
  const classify = (x: Value, name: string, out: number) =>
    graph.node(
      'Gemm',
      [x, weight(`${name}.weight`, [out, hiddenSize]), weight(`${name}.bias`, [out])],
      [{ type: 'float32', shape: ['texts', out] }],
      { attributes: { transB: 1 } },
    )[0]!;
  const inner = classify(embedding, 'pooler.dense', hiddenSize);
  graph.output('score', classify(graph.node('Tanh', [inner], [inner])[0]!, 'classifier', 1));
  return graph;
}

/** The minimum of GELU, −0.16997, rounded down. */
const leastOfGelu = -0.17;

/** The matrices that int8 rounds. */
function* integerMatrices({ hiddenSize, intermediateSize, layers }: BertSettings) {
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const matrix = (part: string, out: number, width: number) => ({
      name: `${name}.${part}.weight`,
      out,
      width,
    });
    for (const part of ['query', 'key']) yield matrix(`attention.self.${part}`, hiddenSize, hiddenSize);
    yield matrix('attention.output.dense', hiddenSize, hiddenSize);
    yield matrix('intermediate.dense', intermediateSize, hiddenSize);
    yield matrix('output.dense', hiddenSize, intermediateSize);
  }
}
