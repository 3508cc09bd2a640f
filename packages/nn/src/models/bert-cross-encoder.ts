import path from 'node:path';
import { NnError } from '../errors/nn-error.ts';
import { TextTooLongError } from '../errors/text-too-long-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { readJsonFile, readJsonFileIfPresent } from '../formats/json-file.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { openSession, type Session } from '../graph/index.ts';
import type { EmbedOptions } from './bert.ts';
import { buildBert, cutIntoRuns } from './bert-graph.ts';
import { readBertSettings } from './bert-settings.ts';
import type { BertSequence } from './bert-training.ts';
import { measureIdleCores } from './idle-cores.ts';
import { readLowRankDifference } from './low-rank-difference.ts';
import { WordPieceTokenizer } from './wordpiece.ts';

/** Options of {@link CrossEncoder.score}. */
export type ScoreOptions = Omit<EmbedOptions, 'batchSize'>;

/** Of {@link CrossEncoder.load}. */
export interface CrossEncoderOptions {
  /** A cross-encoder's folder, or with `difference` that of the model which it is a difference from. */
  directory: string;
  /** A safetensors file that makes a cross-encoder of the folder's model: low-rank changes of its weights, and a head. */
  difference?: string;
  /** As of `BertEncoder.load`. */
  threads?: number;
  /** As of `BertEncoder.load`. */
  spin?: boolean;
}

/**
 * A cross-encoder, which reads query and text together (Nogueira & Cho 2019): a BertForSequenceClassification with one
 * label, in a folder as sentence-transformers' CrossEncoder saves it.
 *
 *     await using reranker = await CrossEncoder.load({ directory });
 *     const scores = await reranker.score('What is MI?', passages);
 */
export class CrossEncoder implements AsyncDisposable {
  /** The longest pair, special tokens included. */
  readonly maxTokens: number;
  /** What `score` gives: shares from 0 to 1, or logits, by the model's own configuration. */
  readonly scores: 'shares' | 'logits';
  readonly #tokenizer: WordPieceTokenizer;
  readonly #activation: Activation;
  #session: Session | undefined;

  private constructor(
    maxTokens: number,
    tokenizer: WordPieceTokenizer,
    activation: Activation,
    session: Session,
  ) {
    this.maxTokens = maxTokens;
    this.scores = activation === 'sigmoid' ? 'shares' : 'logits';
    this.#tokenizer = tokenizer;
    this.#activation = activation;
    this.#session = session;
  }

  /**
   * Loads a model; dispose of it when done.
   * @throws FileFormatError for missing or damaged files, UnsupportedModelError for another kind of model.
   */
  static async load(options: CrossEncoderOptions): Promise<CrossEncoder> {
    const { directory, threads = 2 } = options;
    const idle = measureIdleCores();
    const settings = await readBertSettings(directory);
    const difference =
      options.difference === undefined ? undefined : await readLowRankDifference(options.difference);
    const activation = difference?.activation ?? (await readActivation(directory));
    const tokenizer = await WordPieceTokenizer.load(path.join(directory, 'tokenizer.json'));
    await using file = await SafetensorsFile.open(path.join(directory, 'model.safetensors'));
    const graph = await buildBert(file, settings, 'score', 'float32', difference);
    const spin = options.spin ?? (await idle()) > threads - 0.5;
    const session = await openSession(graph, { threads, spin, optimize: 'basic' });
    const maxTokens = difference ? Math.min(difference.maxTokens, settings.positions) : settings.maxTokens;
    return new CrossEncoder(maxTokens, tokenizer, activation, session);
  }

  /**
   * One score for each text, in order; higher is more relevant. Scores are between 0 and 1 unless the model's
   * configuration asks for logits. As with an embedder, nothing is padded, and the event loop continues between runs of
   * some 40 ms.
   *
   * @throws TextTooLongError for a pair of more than `maxTokens` tokens. With `onTooLong: 'truncate'` the end of the
   *   text is cut off instead, and the error is thrown only where the query alone is too long. Also throws the signal's
   *   reason when it is aborted.
   */
  async score(query: string, texts: readonly string[], options: ScoreOptions = {}): Promise<number[]> {
    const { signal, onProgress } = options;
    const pairs = texts.map((text, index) => {
      const { sequence, tokens } = pairSequence(this.#tokenizer, query, text, this.maxTokens);
      if (tokens > this.maxTokens) {
        if (!sequence || options.onTooLong !== 'truncate')
          throw new TextTooLongError({ index, tokens, maxTokens: this.maxTokens });
        options.onTruncated?.(index, tokens);
      }
      return sequence!;
    });
    const scores = new Array<number>(texts.length);
    let done = 0;
    for (const batch of cutIntoRuns(pairs.map(({ ids }) => ids))) {
      signal?.throwIfAborted();
      const logits = await this.#run(batch.map((index) => pairs[index]!));
      for (const [place, index] of batch.entries()) {
        const logit = logits[place]!;
        scores[index] = this.#activation === 'sigmoid' ? 1 / (1 + Math.exp(-logit)) : logit;
      }
      done += batch.length;
      onProgress?.({ stage: 'scoring texts', done, total: texts.length, unit: 'texts' });
      // The run occupied the thread; now the event loop gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return scores;
  }

  async #run(pairs: readonly BertSequence[]): Promise<Float32Array> {
    if (!this.#session) {
      throw new NnError({
        code: 'disposed',
        domain: 'models',
        message: 'The cross-encoder has been disposed of.',
      });
    }
    const length = pairs[0]!.ids.length;
    const ids = new Int32Array(pairs.length * length);
    const types = new Int32Array(pairs.length * length);
    for (const [row, pair] of pairs.entries()) {
      ids.set(pair.ids, row * length);
      types.set(pair.types!, row * length);
    }
    const shape = [pairs.length, length];
    const { score } = await this.#session.run({ ids: { data: ids, shape }, types: { data: types, shape } });
    return score!.data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}

/**
 * The input `[CLS] query [SEP] text [SEP]`, in which the text and the last [SEP] are of the second type. Of a pair that
 * is too long, only the beginning of the text; undefined where not even the query fits. `tokens` is the length of the
 * whole pair.
 */
export function pairSequence(
  tokenizer: WordPieceTokenizer,
  query: string,
  text: string,
  maxTokens: number,
): { sequence: BertSequence | undefined; tokens: number } {
  const { prefix, suffix } = tokenizer;
  const first = [...prefix, ...tokenizer.encode(query).ids, ...suffix];
  const own = tokenizer.encode(text).ids;
  const room = maxTokens - first.length - suffix.length;
  const tokens = first.length + own.length + suffix.length;
  if (room < 1 && tokens > maxTokens) return { sequence: undefined, tokens };
  const second = [...own.slice(0, room), ...suffix];
  const types = new Int32Array(first.length + second.length).fill(1, first.length);
  return { sequence: { ids: Int32Array.from([...first, ...second]), types }, tokens };
}

type Activation = 'sigmoid' | 'identity';

/**
 * The function that sentence-transformers applies to the logit. Newer versions have a file of their own for it, older
 * ones write it to `config.json`.
 */
async function readActivation(directory: string): Promise<Activation> {
  const file = path.join(directory, 'config.json');
  const config = (await readJsonFile(file)) as {
    num_labels?: number;
    id2label?: Record<string, string>;
    sentence_transformers?: { activation_fn?: string };
    sbert_ce_default_activation_function?: string;
  };
  const labels = config.num_labels ?? Object.keys(config.id2label ?? { 0: '', 1: '' }).length;
  const refuse = (feature: string, hint: string): never => {
    throw new UnsupportedModelError({ feature, message: `${file} asks for ${feature}.`, hint });
  };
  if (labels !== 1)
    refuse(`num_labels = ${labels}, and a reranker has one`, 'Use a cross-encoder with one label.');
  const newer = (await readJsonFileIfPresent(path.join(directory, 'config_sentence_transformers.json'))) as
    | { activation_fn?: string }
    | undefined;
  const name =
    newer?.activation_fn ??
    config.sentence_transformers?.activation_fn ??
    config.sbert_ce_default_activation_function ??
    'Sigmoid';
  if (name.endsWith('Sigmoid')) return 'sigmoid';
  if (name.endsWith('Identity')) return 'identity';
  return refuse(`the activation ${name}`, 'Sigmoid and Identity are supported.');
}
