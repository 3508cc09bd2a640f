/**
 * The last norm and the language-model head, over the rows that predict a label. Logits never exist as a whole: the
 * vocabulary goes through in pieces, whose part of the table is dequantised when its turn comes.
 */
import {
  add,
  backpropagate,
  Graph,
  gemm,
  openSession,
  rmsNorm,
  type Session,
  type SessionOptions,
  type TensorData,
  type Value,
} from '../graph/index.ts';
import { binary, unary } from '../graph/operators/elementwise.ts';
import { reduce } from '../graph/operators/reduce.ts';
import type { FrozenLayers } from './frozen-layers.ts';
import { readRows, type StoredMatrix } from './stored-matrix.ts';

/** Numbers in a piece of the table and of the logits, 16 MB each. */
const pieceSize = 1 << 22;

/** A language-model head that can be run. */
export class DecoderHead implements AsyncDisposable {
  readonly #table: StoredMatrix;
  readonly #gain: TensorData;
  readonly #norm: Session;
  readonly #normBackward: Session;
  readonly #loss: Session;
  readonly #lossAndGradient: Session;
  readonly #logits: Session;
  readonly #piece: Float32Array;

  private constructor(frozen: FrozenLayers, sessions: readonly Session[]) {
    const [norm, normBackward, loss, lossAndGradient, logits] = sessions;
    this.#table = frozen.head;
    this.#gain = { data: frozen.finalGain, shape: [frozen.config.width] };
    this.#norm = norm!;
    this.#normBackward = normBackward!;
    this.#loss = loss!;
    this.#lossAndGradient = lossAndGradient!;
    this.#logits = logits!;
    this.#piece = new Float32Array(Math.min(pieceSize, frozen.head.rows * frozen.head.columns));
  }

  static async open(frozen: FrozenLayers, options: SessionOptions): Promise<DecoderHead> {
    const { width, rmsEpsilon } = frozen.config;
    const sessions: Session[] = [];
    for (const graph of [
      normGraph(width, rmsEpsilon),
      normBackwardGraph(width, rmsEpsilon),
      pieceGraph(width, false),
      pieceGraph(width, true),
      logitsGraph(width),
    ])
      sessions.push(await openSession(graph, options));
    return new DecoderHead(frozen, sessions);
  }

  /**
   * log softmax(norm(hidden) · tableᵀ)[label] of each row.
   *
   * @param hidden [rows, width].
   * @param options.gradient also gives the way back: from the gradient of some scalar in each log-probability to its
   *   gradient in `hidden`.
   */
  async logProbabilities(
    hidden: TensorData,
    labels: Int32Array,
    { gradient }: { gradient: boolean },
  ): Promise<{ values: Float32Array; backward: (dValues: Float32Array) => Promise<Float32Array> }> {
    const [rows, width] = hidden.shape as [number, number];
    const column = () => ({ data: new Float32Array(rows), shape: [rows, 1] });
    const { y } = await this.#norm.run({ x: hidden, gain: this.#gain });
    const state: Record<string, TensorData> = { hidden: y!, largest: column(), total: column() };
    (state.largest!.data as Float32Array).fill(-1e30);
    if (gradient) state.expected = { data: new Float32Array(rows * width), shape: [rows, width] };
    for await (const { piece } of this.#pieces(rows)) {
      const next = await (gradient ? this.#lossAndGradient : this.#loss).run({ ...state, piece });
      for (const [name, value] of Object.entries(next)) state[name.slice('next.'.length)] = value;
    }

    const normalised = y!.data as Float32Array;
    const [largest, total] = [state.largest!.data, state.total!.data] as [Float32Array, Float32Array];
    const target = new Float32Array(rows * width);
    const values = Float32Array.from(labels, (label, row) => {
      const own = target.subarray(row * width, (row + 1) * width);
      readRows(this.#table, label, label + 1, own);
      let logit = 0;
      for (let at = 0; at < width; at++) logit += own[at]! * normalised[row * width + at]!;
      return logit - largest[row]! - Math.log(total[row]!);
    });
    return {
      values,
      backward: async (dValues) => {
        // d log p[label] / d normalised = table[label] − Σ p · table.
        const expected = state.expected!.data as Float32Array;
        for (let row = 0; row < rows; row++) {
          const [factor, share] = [dValues[row]!, 1 / total[row]!];
          for (let at = row * width; at < (row + 1) * width; at++)
            target[at] = factor * (target[at]! - expected[at]! * share);
        }
        const dy = { data: target, shape: [rows, width] };
        const { dx } = await this.#normBackward.run({ x: hidden, gain: this.#gain, dy });
        return dx!.data as Float32Array;
      },
    };
  }

  /** [rows, vocabulary]. */
  async logits(hidden: TensorData): Promise<Float32Array> {
    const [rows] = hidden.shape as [number, number];
    const vocabulary = this.#table.rows;
    const { y } = await this.#norm.run({ x: hidden, gain: this.#gain });
    const all = new Float32Array(rows * vocabulary);
    for await (const { piece, from } of this.#pieces(rows)) {
      const { logits } = await this.#logits.run({ hidden: y!, piece });
      const size = piece.shape[0]!;
      for (let row = 0; row < rows; row++) {
        const part = (logits!.data as Float32Array).subarray(row * size, (row + 1) * size);
        all.set(part, row * vocabulary + from);
      }
    }
    return all;
  }

  /** The table in float32, some words at a time, in memory that the next piece overwrites. */
  async *#pieces(rows: number): AsyncGenerator<{ piece: TensorData; from: number }> {
    const { rows: vocabulary, columns: width } = this.#table;
    const size = Math.max(1, Math.floor(this.#piece.length / Math.max(rows, width)));
    for (let from = 0; from < vocabulary; from += size) {
      const to = Math.min(vocabulary, from + size);
      readRows(this.#table, from, to, this.#piece);
      const data = this.#piece.subarray(0, (to - from) * width);
      yield { piece: { data, shape: [to - from, width] }, from };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [this.#norm, this.#normBackward, this.#loss, this.#lossAndGradient, this.#logits])
      await session[Symbol.asyncDispose]();
  }
}

function normGraph(width: number, epsilon: number): Graph {
  const graph = new Graph('decoder final norm');
  const x = graph.input('x', 'float32', ['rows', width]);
  graph.output('y', rmsNorm(x, graph.input('gain', 'float32', [width]), epsilon));
  return graph;
}

function normBackwardGraph(width: number, epsilon: number): Graph {
  const graph = new Graph('decoder final norm backward');
  const x = graph.input('x', 'float32', ['rows', width]);
  const y = rmsNorm(x, graph.input('gain', 'float32', [width]), epsilon);
  const dy = graph.input('dy', 'float32', ['rows', width]);
  graph.output('dx', backpropagate(graph.tapeEntries, new Map([[y.name, dy]]), [x])[0]!);
  return graph;
}

/**
 * The softmax over the pieces so far and one more (Milakov & Gimelshein 2018, as in flash attention): `largest` logit,
 * `total` of e^(logit − largest), and `expected`, the sum of the table's rows with those weights, [rows, width].
 */
function pieceGraph(width: number, withGradient: boolean): Graph {
  const graph = new Graph('decoder head');
  const hidden = graph.input('hidden', 'float32', ['rows', width]);
  const piece = graph.input('piece', 'float32', ['words', width]);
  const largest = graph.input('largest', 'float32', ['rows', 1]);
  const total = graph.input('total', 'float32', ['rows', 1]);
  const logits = gemm(hidden, piece, { transB: true });
  const [next] = graph.node('Max', [largest, reduce('ReduceMax', logits, [1], true)], [largest]);
  const weights = unary('Exp', binary('Sub', logits, next!));
  const shrink = unary('Exp', binary('Sub', largest, next!));
  const scaled = (x: Value) => binary('Mul', x, shrink);
  graph.output('next.largest', next!);
  graph.output('next.total', add(scaled(total), reduce('ReduceSum', weights, [1], true)));
  if (withGradient) {
    const expected = graph.input('expected', 'float32', ['rows', width]);
    graph.output('next.expected', gemm(weights, piece, { c: scaled(expected) }));
  }
  return graph;
}

function logitsGraph(width: number): Graph {
  const graph = new Graph('decoder logits');
  const hidden = graph.input('hidden', 'float32', ['rows', width]);
  graph.output('logits', gemm(hidden, graph.input('piece', 'float32', ['words', width]), { transB: true }));
  return graph;
}
