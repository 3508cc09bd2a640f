/** Runs a batch through an encoder and back, in passes that fit memory and the CPU's caches. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import {
  hasIntegerProducts,
  openSession,
  type Session,
  type SessionOptions,
  type TensorData,
} from '../graph/index.ts';
import {
  type BertHead,
  type BertLora,
  type BertSequence,
  type BertTrainingGraphs,
  bertTables,
  bertTrainingGraphs,
  packSequences,
} from '../models/bert-training.ts';
import type { BertModel } from '../models/bert-weights.ts';
import { measureIdleCores } from '../models/idle-cores.ts';

/** The gradients of a batch. */
export interface EncoderGradients {
  /** By parameter, in the order of its values. */
  dense: Map<string, Float32Array>;
  /** Of the embedding tables: by table, then by row. Rows without an entry have no gradient. */
  tables: Map<string, Map<number, Float32Array>>;
}

/** How an encoder is run in training. */
export interface EncoderPassesOptions {
  head: BertHead;
  lora?: BertLora | undefined;
  /** The number format of the layers' products; `int8` only without `lora`. Default float32. */
  products?: 'float32' | 'int8' | undefined;
  /** Default 2. */
  threads?: number | undefined;
  /**
   * The most tokens in one pass (one long sequence may have more). Default 768: the rows of a layer then stay in the
   * CPU's caches.
   */
  tokensPerPass?: number | undefined;
  /**
   * The most bytes of intermediate values kept for the backward; those beyond are computed a second time. Default 2
   * GiB, enough for some 18,000 tokens of MiniLM.
   */
  activationBytes?: number | undefined;
  /**
   * Whether threads wait actively for the next operator: alone on 2 cores that is faster, while other programs run it
   * is slower. Default: by how busy other programs keep the machine, measured every half minute. It does not change the
   * result.
   */
  spin?: boolean | undefined;
  /** See {@link SessionOptions.profilePrefix}. */
  profilePrefix?: string | undefined;
}

interface Pass {
  /** Indexes of its sequences in the batch. */
  members: number[];
  inputs: ReturnType<typeof packSequences>;
  between?: Record<string, TensorData> | undefined;
}

/**
 * Runs a batch in passes. The loss of a batch depends on all of its sequences together, but the encoder's forward and
 * backward treat each sequence alone. So the forward runs in passes of sequences of similar length, the loss is
 * computed over all results, and its gradient goes back pass by pass. Memory and cache are those of one pass; the
 * result is that of the whole batch. (Gao et al. 2021 compute every forward twice; here only what does not fit into
 * memory.)
 */
export class EncoderPasses implements AsyncDisposable {
  readonly graphs: BertTrainingGraphs;
  /** The length of one sequence's result: the hidden size, or 1. */
  readonly width: number;
  readonly #model: BertModel;
  readonly #options: EncoderPassesOptions;
  #forward: Session;
  #backward: Session;
  #spin: boolean;
  #idle = measureIdleCores();
  #looked = performance.now();
  #rounding: Session | undefined;
  #passes: Pass[] = [];
  /** With products in int8: the integers of the weights at the last `forward`. */
  #integers: Record<string, TensorData> = {};

  private constructor(
    model: BertModel,
    options: EncoderPassesOptions,
    graphs: BertTrainingGraphs,
    spin: boolean,
    sessions: Sessions,
  ) {
    this.graphs = graphs;
    this.width = options.head === 'vector' ? model.settings.hiddenSize : 1;
    this.#model = model;
    this.#options = options;
    this.#spin = spin;
    this.#forward = sessions.forward;
    this.#backward = sessions.backward;
    this.#rounding = sessions.rounding;
  }

  static async open(model: BertModel, options: EncoderPassesOptions): Promise<EncoderPasses> {
    if (options.products === 'int8' && !(await hasIntegerProducts())) {
      throw new InvalidHyperparameterError({
        parameter: 'products',
        message:
          'The hyperparameter products is "int8", and this CPU has no exact products of eight-bit integers.',
        hint: 'Leave it out for float32.',
      });
    }
    const idle = measureIdleCores();
    const graphs = bertTrainingGraphs(model, options);
    const spin = options.spin ?? isIdle(await idle(), options);
    return new EncoderPasses(model, options, graphs, spin, await openSessions(graphs, options, spin));
  }

  /** Opens the sessions again where other programs have begun or ended: see {@link EncoderPassesOptions.spin}. */
  async #adaptToOtherPrograms(): Promise<void> {
    if (this.#options.spin !== undefined || performance.now() - this.#looked < lookEveryMilliseconds) return;
    const spin = isIdle(await this.#idle(), this.#options);
    this.#idle = measureIdleCores();
    this.#looked = performance.now();
    if (spin === this.#spin) return;
    await this.#close();
    this.#spin = spin;
    const sessions = await openSessions(this.graphs, this.#options, spin);
    this.#forward = sessions.forward;
    this.#backward = sessions.backward;
    this.#rounding = sessions.rounding;
  }

  /**
   * The results of all sequences, one after another.
   * @param options.keep whether `backward` will follow.
   * @param options.yieldOrStop called before each pass; may throw to stop.
   */
  async forward(
    sequences: readonly BertSequence[],
    options: { keep?: boolean; yieldOrStop?: () => Promise<void> } = {},
  ): Promise<Float32Array> {
    const { tokensPerPass = defaultTokensPerPass, activationBytes = 2 ** 31, head } = this.#options;
    const results = new Float32Array(sequences.length * this.width);
    const passes: Pass[] = [];
    await this.#adaptToOtherPrograms();
    this.#integers = (await this.#rounding?.run({})) ?? {};
    let kept = 0;
    for (const members of cutIntoPasses(sequences, tokensPerPass)) {
      await options.yieldOrStop?.();
      const inputs = packSequences(
        members.map((place) => sequences[place]!),
        head === 'score' ? 'cls' : this.#model.settings.pooling,
      );
      const { result, ...between } = await this.#forward.run(
        { ...inputs, ...this.#integers },
        options.keep ? undefined : ['result'],
      );
      members.forEach((place, row) => {
        const own = (result!.data as Float32Array).subarray(row * this.width, (row + 1) * this.width);
        results.set(own, place * this.width);
      });
      const bytes = Object.values(between).reduce((total, { data }) => total + data.byteLength, 0);
      const fits = kept + bytes <= activationBytes;
      if (fits) kept += bytes;
      passes.push({ members, inputs, between: fits ? between : undefined });
    }
    this.#passes = options.keep ? passes : [];
    return results;
  }

  /** The parameters' gradients from the gradient of all results of the last `forward` with `keep`. */
  async backward(gradient: Float32Array, yieldOrStop?: () => Promise<void>): Promise<EncoderGradients> {
    const gradients: EncoderGradients = { dense: new Map(), tables: new Map() };
    const { trained } = this.graphs;
    // The sums of the matrices' gradients over the passes so far, which the graph adds up; vectors are added up here.
    const earlier: Record<string, TensorData> = {};
    for (const { name, summed } of trained) if (summed) earlier[`${name}.earlier`] = noGradientYet;
    for (const pass of this.#passes) {
      await yieldOrStop?.();
      const { members, inputs } = pass;
      const given = { ...inputs, ...this.#integers };
      const between = pass.between ?? (await this.#forward.run(given, this.graphs.between));
      pass.between = undefined;
      const own = new Float32Array(members.length * this.width);
      members.forEach((place, row) => {
        own.set(gradient.subarray(place * this.width, (place + 1) * this.width), row * this.width);
      });
      const results = await this.#backward.run({
        ...given,
        ...between,
        ...earlier,
        'result.gradient': { data: own, shape: [members.length, this.width] },
      });
      for (const { data } of Object.values(between)) freeMemory(data);
      for (const { name, parts, summed } of trained) {
        const result = results[`${name}.gradient`]!;
        if (summed) {
          const before = earlier[`${name}.earlier`]!;
          if (before !== noGradientYet) freeMemory(before.data);
          earlier[`${name}.earlier`] = result;
        }
        const whole = result.data as Float32Array;
        const sum = gradients.dense.get(parts[0]!);
        if (sum && !summed) {
          // The parts are views into one array: the first part's buffer holds all of them.
          const sums = new Float32Array(sum.buffer, sum.byteOffset, whole.length);
          for (let at = 0; at < whole.length; at++) sums[at]! += whole[at]!;
          continue;
        }
        let at = 0;
        for (const part of parts) {
          const { length } = this.#parameter(part);
          gradients.dense.set(part, whole.subarray(at, (at += length)));
        }
      }
      const embedded = results['embedded.gradient']?.data as Float32Array | undefined;
      if (embedded) this.#addRows(gradients.tables, inputs, embedded);
    }
    this.#passes = [];
    return gradients;
  }

  #parameter(name: string): Float32Array {
    return this.#options.lora?.matrices.get(name) ?? this.#model.weights.get(name)!;
  }

  #addRows(tables: EncoderGradients['tables'], inputs: Pass['inputs'], embedded: Float32Array): void {
    const width = this.#model.settings.hiddenSize;
    for (const [table, input] of Object.entries(bertTables)) {
      const sums = tables.get(table) ?? new Map<number, Float32Array>();
      tables.set(table, sums);
      const picked = inputs[input].data as Int32Array;
      for (let row = 0; row < picked.length; row++) {
        const from = row * width;
        const sum = sums.get(picked[row]!);
        if (sum) for (let at = 0; at < width; at++) sum[at]! += embedded[from + at]!;
        else sums.set(picked[row]!, embedded.slice(from, from + width));
      }
    }
  }

  async #close(): Promise<void> {
    for (const session of [this.#forward, this.#backward, this.#rounding]) {
      await session?.[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#passes = [];
    await this.#close();
  }
}

interface Sessions {
  forward: Session;
  backward: Session;
  rounding: Session | undefined;
}

/** Weights are fed, so that the optimiser's changes are seen. Nodes stay as written, in an order that saves memory. */
async function openSessions(
  { forward, backward, rounding }: BertTrainingGraphs,
  { threads = 2, profilePrefix }: EncoderPassesOptions,
  spin: boolean,
): Promise<Sessions> {
  const options: SessionOptions = { threads, weights: 'fed', optimize: 'none', spin };
  const profiled = (part: string) =>
    profilePrefix !== undefined && { profilePrefix: `${profilePrefix}-${part}` };
  return {
    forward: await openSession(forward, { ...options, ...profiled('forward') }),
    backward: await openSession(backward, { ...options, ...profiled('backward') }),
    rounding: rounding && (await openSession(rounding, options)),
  };
}

const lookEveryMilliseconds = 30_000;

function isIdle(cores: number, { threads = 2 }: EncoderPassesOptions): boolean {
  return cores > threads - 0.5;
}

const defaultTokensPerPass = 768;

const noGradientYet: TensorData = { data: new Float32Array(1), shape: [1, 1] };

/** Frees memory now: otherwise it would wait for the garbage collector while the next pass asks for as much again. */
function freeMemory({ buffer }: TensorData['data']): void {
  (buffer as ArrayBuffer).transfer(0);
}

/**
 * Sorts sequences by length and cuts them where a pass is full. Rows are not padded, so different lengths in a pass
 * matter only to attention.
 */
function cutIntoPasses(sequences: readonly BertSequence[], tokensPerPass: number): number[][] {
  const order = [...sequences.keys()].sort(
    (a, b) => sequences[a]!.ids.length - sequences[b]!.ids.length || a - b,
  );
  const passes: number[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const place of order) {
    const { length } = sequences[place]!.ids;
    if (tokens + length > tokensPerPass) {
      passes.push([]);
      tokens = 0;
    }
    passes.at(-1)!.push(place);
    tokens += length;
  }
  return passes;
}
