import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { NnError } from '../errors/nn-error.ts';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { Graph, openSession, type Session, type Value, type WeightData } from '../graph/index.ts';
import { type BertSettings, readBertSettings } from './bert-settings.ts';
import { type WordPieceEncoding, WordPieceTokenizer } from './wordpiece.ts';

export interface EmbedOptions {
  signal?: AbortSignal;
  onProgress?: (event: { stage: string; done: number; total: number; unit: string; detail?: string }) => void;
  /** The most texts in one run of the model. Runs are small anyway: see `tokensPerRun`. */
  batchSize?: number;
  /**
   * A text of more than `maxTokens` tokens is an error before any work is done ("throw", the default), or only its
   * beginning is embedded ("truncate") and `onTruncated` hears of it.
   */
  onTooLong?: 'throw' | 'truncate';
  /** `index`: the text's place in the list; `tokens`: how many it has, special tokens included. */
  onTruncated?: (index: number, tokens: number) => void;
}

/**
 * A BERT sentence embedder (all-MiniLM-L6-v2 and its kin) from a sentence-transformers folder: `config.json`,
 * `model.safetensors`, `tokenizer.json`, and `modules.json` with pooling and normalisation.
 *
 *     await using encoder = await BertEncoder.load({ directory });
 *     const [vector] = await encoder.embed(['What is sickle cell disease?']);
 */
export class BertEncoder implements AsyncDisposable {
  /** Length of an embedding. */
  readonly dimensions: number;
  /** The longest input, special tokens included. */
  readonly maxTokens: number;
  /** The longest text in its own tokens, as `countTokens` counts them: what a chunker must keep to. */
  readonly maxTextTokens: number;
  readonly #tokenizer: WordPieceTokenizer;
  readonly #settings: BertSettings;
  #session: Session | undefined;

  private constructor(settings: BertSettings, tokenizer: WordPieceTokenizer, session: Session) {
    this.dimensions = settings.hiddenSize;
    this.maxTokens = settings.maxTokens;
    this.maxTextTokens = settings.maxTokens - tokenizer.prefix.length - tokenizer.suffix.length;
    this.#tokenizer = tokenizer;
    this.#settings = settings;
    this.#session = session;
  }

  /**
   * @param options.directory the model's folder
   * @param options.threads for one operator, 2 by default
   * @param options.spin whether threads wait for the next operator actively. Alone on 2 cores that is 3 to 30 % faster;
   *   beside other work it is up to twice as slow. By default it depends on how busy the machine is at this moment.
   * @throws FileFormatError for missing or damaged files, UnsupportedModelError for another kind of model.
   */
  static async load(options: { directory: string; threads?: number; spin?: boolean }): Promise<BertEncoder> {
    const { directory, threads = 2, spin = loadavg()[0]! + threads <= availableParallelism() + 1 } = options;
    const settings = await readBertSettings(directory);
    const tokenizer = await WordPieceTokenizer.load(path.join(directory, 'tokenizer.json'));
    await using file = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
    const graph = await buildBert(file, settings);
    const session = await openSession(graph, { threads, spin });
    return new BertEncoder(settings, tokenizer, session);
  }

  /** Tokens of the text alone, without special tokens: compare with `maxTextTokens`. */
  countTokens(text: string): number {
    return this.#tokenizer.count(text);
  }

  /** The text's own tokens and the UTF-16 offsets of each. */
  encode(text: string): WordPieceEncoding {
    return this.#tokenizer.encode(text);
  }

  /**
   * One vector for each text, in order; unit length where the model says so.
   *
   * The work is done in runs of a few hundred tokens, each of texts of equal length: without padding there is nothing
   * to mask, so a text's vector does not depend on what it was embedded with. ONNX Runtime occupies the calling thread
   * during a run, some 40 ms; between runs the event loop goes on.
   *
   * @throws TextTooLongError (see `onTooLong`), or the signal's reason when it is aborted.
   */
  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { signal, onProgress, batchSize = Number.POSITIVE_INFINITY } = options;
    const inputs = await this.#tokenize(texts, options);

    const byLength = Map.groupBy(inputs.keys(), (index) => inputs[index]!.length);
    const result = new Array<Float32Array>(texts.length);
    let done = 0;
    // Longest first: an estimate of the time left then errs on the side of too much.
    for (const length of [...byLength.keys()].sort((a, b) => b - a)) {
      const indexes = byLength.get(length)!;
      const perRun = Math.max(1, Math.min(batchSize, Math.floor(tokensPerRun / length)));
      for (let from = 0; from < indexes.length; from += perRun) {
        signal?.throwIfAborted();
        const batch = indexes.slice(from, from + perRun);
        const vectors = await this.#run(batch.map((index) => inputs[index]!));
        for (const [place, index] of batch.entries()) result[index] = vectors[place]!;
        done += batch.length;
        onProgress?.({ stage: 'embedding texts', done, total: texts.length, unit: 'texts' });
      }
    }
    return result;
  }

  async #tokenize(texts: readonly string[], options: EmbedOptions): Promise<Int32Array[]> {
    const { signal, onTooLong = 'throw', onTruncated } = options;
    const { prefix, suffix } = this.#tokenizer;
    const inputs: Int32Array[] = [];
    let characters = 0;
    for (const [index, text] of texts.entries()) {
      let { ids } = this.#tokenizer.encode(text);
      if (ids.length > this.maxTextTokens) {
        const tokens = ids.length + prefix.length + suffix.length;
        if (onTooLong === 'throw') throw new TextTooLongError({ index, tokens, maxTokens: this.maxTokens });
        onTruncated?.(index, tokens);
        ids = ids.slice(0, this.maxTextTokens);
      }
      inputs.push(Int32Array.from([...prefix, ...ids, ...suffix]));
      // Some 20 ms of tokenising; then others get their turn.
      characters += text.length;
      if (characters > 100_000) {
        characters = 0;
        signal?.throwIfAborted();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return inputs;
  }

  /** Inputs of equal length to vectors. */
  async #run(inputs: readonly Int32Array[]): Promise<Float32Array[]> {
    if (!this.#session) {
      throw new NnError({
        code: 'disposed',
        domain: 'models',
        message: 'The embedder has been disposed of.',
      });
    }
    const length = inputs[0]!.length;
    const ids = new Int32Array(inputs.length * length);
    for (const [row, input] of inputs.entries()) ids.set(input, row * length);
    const { embedding } = await this.#session.run({ ids: { data: ids, shape: [inputs.length, length] } });
    const data = embedding!.data as Float32Array;
    return inputs.map((_, row) => {
      const vector = data.slice(row * this.dimensions, (row + 1) * this.dimensions);
      return this.#settings.normalize ? toUnitLength(vector) : vector;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}

/**
 * Large enough for matrix products at full speed, small enough not to hold up the event loop: on 2 cores MiniLM does
 * 12–14 thousand tokens a second from about 128 rows on.
 */
const tokensPerRun = 512;

/**
 * The encoder (Devlin et al. 2018) without padding and so without a mask. ids: [texts, length] int32 →
 * embedding: [texts, hidden]. The fused operators are ONNX Runtime's own ("com.microsoft", ContribOperators.md).
 */
async function buildBert(file: SafetensorsFile, settings: BertSettings): Promise<Graph> {
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

  // Every token is of the first type: there is one text, not a pair.
  const types = graph.node('Sub', [ids, ids], [ids])[0]!;
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
    settings.pooling === 'mean'
      ? graph.node('ReduceMean', [tokens, graph.constant('int64', [1], [1])], [pooled], {
          attributes: { keepdims: 0 },
        })
      : graph.node('Gather', [tokens, graph.constant('int64', [0], [])], [pooled], {
          attributes: { axis: 1 },
        });
  graph.output('embedding', embedding!);
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
    ({ name, dtype }) => name.startsWith(prefix) && !/^[IUB]\d|^BOOL/.test(dtype),
  );
  const widened = new Map<string, Float32Array>();
  if (used.some(({ dtype }) => dtype !== 'F32')) {
    for (const { name } of used) widened.set(name, await file.read(name));
  }
  return (name, shape) => {
    const tensor = file.tensors.get(prefix + name);
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

/** In place. A zero vector stays what it is. */
function toUnitLength(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const norm = Math.max(Math.sqrt(squares), 1e-12);
  for (let i = 0; i < vector.length; i++) vector[i]! /= norm;
  return vector;
}
