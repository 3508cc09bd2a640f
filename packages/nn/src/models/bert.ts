import path from 'node:path';
import { NnError } from '../errors/nn-error.ts';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { readJsonFile } from '../formats/json-file.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { type Graph, hasIntegerProducts, openSession, type Session } from '../graph/index.ts';
import { buildBert, cutIntoRuns } from './bert-graph.ts';
import { type BertSettings, readBertSettings } from './bert-settings.ts';
import { asObject, requireOneOf } from './config-values.ts';
import { type DenseLayer, loadDenseLayer } from './dense-layer.ts';
import { measureIdleCores } from './idle-cores.ts';
import { buildModernBert } from './modernbert-graph.ts';
import { readModernBertSettings } from './modernbert-settings.ts';
import type { SentenceModules } from './sentence-modules.ts';
import { loadTokenizer, type TextEncoding, type TextTokenizer } from './text-tokenizer.ts';

/** Options of {@link BertEncoder.embed}. */
export interface EmbedOptions {
  signal?: AbortSignal;
  onProgress?: (event: { stage: string; done: number; total: number; unit: string; detail?: string }) => void;
  /** The most texts in one run of the model. Default: no limit, as a run has only a few hundred tokens anyway. */
  batchSize?: number;
  /**
   * `throw` (default): a text of more than `maxTokens` tokens is an error, before any work is done. `truncate`: only
   * its beginning is embedded, and `onTruncated` is called.
   */
  onTooLong?: 'throw' | 'truncate';
  /** `index`: the text's place in the list; `tokens`: how many it has, special tokens included. */
  onTruncated?: (index: number, tokens: number) => void;
}

/**
 * A sentence embedder of BERT kind from a sentence-transformers folder: BERT (all-MiniLM-L6-v2, multilingual-e5-small), XLM-RoBERTa
 * (multilingual-e5-base, bge-m3) or ModernBERT (gte-modernbert-base). The folder holds `config.json`, `model.safetensors` (F32, F16 or
 * BF16), `tokenizer.json` (WordPiece, Unigram or BPE), and `modules.json` with pooling, dense layers and normalisation.
 *
 *     await using encoder = await BertEncoder.load({ directory });
 *     const [vector] = await encoder.embed(['What is sickle cell disease?']);
 */
export class BertEncoder implements AsyncDisposable {
  /** Length of an embedding. */
  readonly dimensions: number;
  /** The number format of the layers' products. */
  readonly precision: 'float32' | 'int8';
  /** The longest input, special tokens included. */
  readonly maxTokens: number;
  /** The longest text, without special tokens, as `countTokens` counts them: the limit for chunks. */
  readonly maxTextTokens: number;
  readonly #tokenizer: TextTokenizer;
  readonly #hiddenSize: number;
  readonly #normalize: boolean;
  readonly #dense: readonly DenseLayer[];
  #session: Session | undefined;

  private constructor({ settings, tokenizer, dense, session, precision }: EncoderParts) {
    this.precision = precision;
    this.dimensions = settings.dense.at(-1)?.out ?? settings.hiddenSize;
    this.#hiddenSize = settings.hiddenSize;
    this.#normalize = settings.normalize;
    this.#dense = dense;
    this.maxTokens = settings.maxTokens;
    this.maxTextTokens = settings.maxTokens - tokenizer.prefix.length - tokenizer.suffix.length;
    this.#tokenizer = tokenizer;
    this.#session = session;
  }

  /**
   * Loads a model; dispose of it when done.
   *
   * @param options.directory the model's folder
   * @param options.threads for one operator, 2 by default
   * @param options.spin whether threads wait actively for the next operator. Alone on 2 cores that is a tenth faster
   *   (in int8 two fifths); while other programs run it is up to twice as slow. The default depends on how busy the
   *   machine is while the model is loaded.
   * @param options.precision `int8`: the layers' products in eight bits, where the CPU has integer dot products.
   *   Vectors differ from float32's in the third digit, so all vectors of an index must have the same precision.
   *   Default float32.
   * @throws FileFormatError for missing or damaged files, UnsupportedModelError for another kind of model, NnError
   *   `no_integer_products` for int8 where the CPU would compute it wrongly.
   */
  static async load(options: {
    directory: string;
    threads?: number;
    spin?: boolean;
    precision?: 'float32' | 'int8';
  }): Promise<BertEncoder> {
    const { directory, threads = 2 } = options;
    const idle = measureIdleCores();
    const model = await readModel(directory);
    const tokenizer = await loadTokenizer(path.join(directory, 'tokenizer.json'));
    const dense: DenseLayer[] = [];
    for (const module of model.settings.dense) dense.push(await loadDenseLayer(module));
    await using file = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
    const { precision = 'float32' } = options;
    if (precision === 'int8' && !(await hasIntegerProducts())) {
      throw new NnError({
        code: 'no_integer_products',
        domain: 'models',
        message:
          'The embedder was asked for in int8, and this CPU has no exact products of eight-bit integers.',
        hint: 'Leave precision out for float32.',
      });
    }
    const graph = await model.build(file, precision);
    // More rewriting would fuse operators that are faster apart (see bert-graph.ts).
    const spin = options.spin ?? (await idle()) > threads - 0.5;
    const session = await openSession(graph, { threads, spin, optimize: 'basic' });
    return new BertEncoder({ settings: model.settings, tokenizer, dense, session, precision });
  }

  /** The number of tokens of a text, without special tokens; compare with `maxTextTokens`. */
  countTokens(text: string): number {
    return this.#tokenizer.count(text);
  }

  /** Of the tokens of a text, those that stand for something that the vocabulary does not have. */
  countUnknown(text: string): number {
    const { unknownId } = this.#tokenizer;
    return this.#tokenizer.encode(text).ids.filter((id) => id === unknownId).length;
  }

  /** The tokens of a text, without special tokens; of WordPiece with the UTF-16 offsets of each. */
  encode(text: string): TextEncoding {
    return this.#tokenizer.encode(text);
  }

  /**
   * One vector for each text, in order; of unit length where the model's configuration asks for it.
   *
   * The work is done in runs of a few hundred tokens, each of texts of equal length. Nothing is padded, so a text's
   * vector does not depend on the texts that are embedded with it. ONNX Runtime occupies the calling thread during a
   * run, some 40 ms; between runs the event loop continues.
   *
   * @throws TextTooLongError (see `onTooLong`), or the signal's reason when it is aborted.
   */
  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const { signal, onProgress, batchSize = Number.POSITIVE_INFINITY } = options;
    const inputs = await this.#tokenize(texts, options);

    const result = new Array<Float32Array>(texts.length);
    let done = 0;
    for (const batch of cutIntoRuns(inputs, batchSize)) {
      signal?.throwIfAborted();
      const vectors = await this.#run(batch.map((index) => inputs[index]!));
      for (const [place, index] of batch.entries()) result[index] = vectors[place]!;
      done += batch.length;
      onProgress?.({ stage: 'embedding texts', done, total: texts.length, unit: 'texts' });
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
      // Every 20 ms or so of tokenising, the event loop gets its turn.
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
      const pooled = data.slice(row * this.#hiddenSize, (row + 1) * this.#hiddenSize);
      const vector = this.#dense.reduce<Float32Array>((values, layer) => layer(values), pooled);
      return this.#normalize ? toUnitLength(vector) : vector;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}

interface EncoderParts {
  settings: EncoderSettings;
  tokenizer: TextTokenizer;
  dense: readonly DenseLayer[];
  session: Session;
  precision: 'float32' | 'int8';
}

/** What all kinds of encoders have. */
type EncoderSettings = SentenceModules & Pick<BertSettings, 'hiddenSize' | 'maxTokens'>;

interface Model {
  settings: EncoderSettings;
  build(file: SafetensorsFile, precision: 'float32' | 'int8'): Promise<Graph>;
}

/** The settings of the folder's kind of model, and what makes its graph. */
async function readModel(directory: string): Promise<Model> {
  const file = path.join(directory, 'config.json');
  const kind = asObject(await readJsonFile(file), file).model_type;
  requireOneOf(file, 'model_type', kind, ['bert', 'xlm-roberta', 'modernbert']);
  if (kind !== 'modernbert') {
    const settings = await readBertSettings(directory, ['bert', 'xlm-roberta']);
    return { settings, build: (weights, precision) => buildBert(weights, settings, 'vector', precision) };
  }
  const settings = await readModernBertSettings(directory);
  return {
    settings,
    build(weights, precision) {
      if (precision === 'int8') {
        throw new UnsupportedModelError({
          feature: 'int8',
          message: `${directory} holds a ModernBERT, which is computed in float32 only, and it was asked for in int8.`,
          hint: 'Leave precision out for float32.',
        });
      }
      return buildModernBert(weights, settings);
    },
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
