/** BERT as an ONNX graph for inference, of ONNX Runtime's fused operators. */
import { FileFormatError } from '../errors/file-format-error.ts';
import type { SafetensorsFile } from '../formats/safetensors.ts';
import { Graph, type Value, type WeightData } from '../graph/index.ts';
import type { BertSettings } from './bert-settings.ts';
import type { BertHead } from './bert-training.ts';

/**
 * Places of inputs cut into runs: each of inputs of one length, so that nothing is padded, and of a few hundred tokens.
 * Longest first: an estimate of the time left then errs on the side of too much.
 */
export function* runsOfEqualLength(
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
 * Large enough for matrix products at full speed, small enough not to hold up the event loop: on 2 cores MiniLM does
 * 12–14 thousand tokens a second from about 128 rows on.
 */
const tokensPerRun = 512;

/**
 * The encoder (Devlin et al. 2018) without padding and so without a mask. ids: [texts, length] int32 →
 * embedding: [texts, hidden], or with the head `score` (and types: [texts, length] int32) → score: [texts, 1], BERT's
 * pooler and a classifier over the first token. The fused operators are ONNX Runtime's own ("com.microsoft", ContribOperators.md).
 */
export async function buildBert(
  file: SafetensorsFile,
  settings: BertSettings,
  head: BertHead,
): Promise<Graph> {
  const { hiddenSize, layers, heads, intermediateSize, epsilon } = settings;
  const graph = new Graph('bert');
  const weight = await weightSource(file, graph);
  const ids = graph.input('ids', 'int32', ['texts', 'length']);

  const rows = { type: 'float32' as const, shape: ['rows', hiddenSize] };
  const texts = { type: 'float32' as const, shape: ['texts', 'length', hiddenSize] };
  const epsilonAttribute = { attributes: { epsilon: { float: epsilon } }, domain: 'com.microsoft' as const };
  const norm = (name: string) => [
    weight(`${name}.LayerNorm.weight`, [hiddenSize]),
    weight(`${name}.LayerNorm.bias`, [hiddenSize]),
  ];

  // Where there is one text, not a pair, every token is of the first type.
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
      weight('embeddings.position_embeddings.weight', [settings.positions, hiddenSize]),
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
  const gemm = (x: Value, name: string, out: number, width: number, bias: boolean) =>
    graph.node(
      'Gemm',
      [x, weight(`${name}.weight`, [out, width]), ...(bias ? [weight(`${name}.bias`, [out])] : [])],
      [{ type: 'float32', shape: ['rows', out] }],
      { attributes: { transB: 1 } },
    )[0]!;
  /** LayerNorm(x · Wᵀ + bias + residual), the sum and the norm in one pass. */
  const projectAndNorm = (x: Value, residual: Value, name: string, width: number) =>
    graph.node(
      'SkipLayerNormalization',
      [
        gemm(x, `${name}.dense`, hiddenSize, width, false),
        residual,
        ...norm(name),
        weight(`${name}.dense.bias`, [hiddenSize]),
      ],
      [rows],
      epsilonAttribute,
    )[0]!;

  let x = toRows(embedded);
  for (let layer = 0; layer < layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const [query, key, value] = ['query', 'key', 'value'].map((part) =>
      toTexts(gemm(x, `${name}.attention.self.${part}`, hiddenSize, hiddenSize, true)),
    );
    const attended = graph.node('MultiHeadAttention', [query, key, value], [texts], {
      domain: 'com.microsoft',
      attributes: { num_heads: heads },
    })[0]!;
    x = projectAndNorm(toRows(attended), x, `${name}.attention.output`, hiddenSize);
    const activated = graph.node(
      'BiasGelu',
      [
        gemm(x, `${name}.intermediate.dense`, intermediateSize, hiddenSize, false),
        weight(`${name}.intermediate.dense.bias`, [intermediateSize]),
      ],
      [{ type: 'float32', shape: ['rows', intermediateSize] }],
      { domain: 'com.microsoft' },
    )[0]!;
    x = projectAndNorm(activated, x, `${name}.output`, intermediateSize);
  }

  const pooled = { type: 'float32' as const, shape: ['texts', hiddenSize] };
  const tokens = toTexts(x);
  const [embedding] =
    head === 'vector' && settings.pooling === 'mean'
      ? graph.node('ReduceMean', [tokens, graph.constant('int64', [1], [1])], [pooled], {
          attributes: { keepdims: 0 },
        })
      : graph.node('Gather', [tokens, graph.constant('int64', [0], [])], [pooled], {
          attributes: { axis: 1 },
        });
  if (head === 'vector') {
    graph.output('embedding', embedding!);
    return graph;
  }
  const classified = (x: Value, name: string, out: number) =>
    graph.node(
      'Gemm',
      [x, weight(`${name}.weight`, [out, hiddenSize]), weight(`${name}.bias`, [out])],
      [{ type: 'float32', shape: ['texts', out] }],
      { attributes: { transB: 1 } },
    )[0]!;
  const inner = classified(embedding!, 'pooler.dense', hiddenSize);
  graph.output('score', classified(graph.node('Tanh', [inner], [inner])[0]!, 'classifier', 1));
  return graph;
}

type WeightReader = (name: string, shape: readonly number[]) => Value;

/**
 * Weights by their name in the file. Float32 is not read here at all: ONNX Runtime is told where it lies in the file.
 * A file of other number formats is widened in memory.
 */
async function weightSource(file: SafetensorsFile, graph: Graph): Promise<WeightReader> {
  // Some files hold the encoder inside a larger model.
  const prefix = file.tensors.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  const used = [...file.tensors.values()].filter(
    ({ name, dtype }) =>
      (name.startsWith(prefix) || name.startsWith('classifier.')) && !/^[IUB]\d|^BOOL/.test(dtype),
  );
  const widened = new Map<string, Float32Array>();
  if (used.some(({ dtype }) => dtype !== 'F32')) {
    for (const { name } of used) widened.set(name, await file.read(name));
  }
  return (name, shape) => {
    const tensor = file.tensors.get(name.startsWith('classifier.') ? name : prefix + name);
    if (!tensor || tensor.shape.join() !== shape.join()) {
      throw new FileFormatError({
        path: file.path,
        message: tensor
          ? `Tensor "${tensor.name}" in ${file.path} has the shape [${tensor.shape}] where config.json asks for [${shape}].`
          : `${file.path} has no tensor "${prefix + name}", which config.json asks for.`,
        hint: 'The folder mixes files of different models; fetch the model again.',
      });
    }
    const { offset, byteLength } = tensor;
    const data: WeightData = widened.get(tensor.name) ?? { file: file.path, offset, byteLength };
    return graph.weight(name, data, shape);
  };
}
