/** The frozen weights of a decoder, made ready for products one layer at a time. */
import { frozenInt8, Graph, openSession, type Session, type TensorData } from '../graph/index.ts';
import { blockNorms, type DecoderConfig, decoderLayerSizes } from './decoder-config.ts';
import { layerInputs } from './decoder-layer.ts';
import type { OpenDecoder } from './decoder-weights.ts';
import { type LoraTarget, loraModulePath, loraTargets } from './lora-adapter.ts';
import { readMatrix, type StoredMatrix } from './stored-matrix.ts';

/** How the matrices of layers are multiplied and held. */
export interface FrozenForm {
  /**
   * `int8`: in integers, except for the first layer. That is where the few tokens with huge activations get them:
   * rounding it disturbs the gradients as much as rounding all other layers together.
   */
  products: 'float32' | 'int8';
  /**
   * `ready`: as they are multiplied, four bytes a weight in float32 and one in int8. `blocks`: as the file stores them,
   * and made ready each time that a layer needs them.
   */
  hold: 'ready' | 'blocks';
}

/** Frozen weights in memory. */
export class FrozenLayers implements AsyncDisposable {
  readonly config: DecoderConfig;
  /** Rows of this matrix are the embedded tokens. */
  readonly embedding: StoredMatrix;
  /** [vocabulary, width]: the language-model head. */
  readonly head: StoredMatrix;
  /** The gain of the last norm. */
  readonly finalGain: Float32Array;
  readonly #form: FrozenForm;
  readonly #vectors: ReadonlyMap<string, Float32Array>;
  readonly #matrices: ReadonlyMap<string, StoredMatrix | ReadyMatrix>;
  readonly #quantizers: Quantizers;
  readonly #scratch = new Map<LoraTarget, Scratch>();
  #inScratch: { layer: number; inputs: Record<string, TensorData> } | undefined;

  private constructor(
    config: DecoderConfig,
    form: FrozenForm,
    vectors: ReadonlyMap<string, Float32Array>,
    matrices: ReadonlyMap<string, StoredMatrix | ReadyMatrix>,
    quantizers: Quantizers,
  ) {
    this.config = config;
    this.#form = form;
    this.#vectors = vectors;
    this.#matrices = matrices;
    this.#quantizers = quantizers;
    this.embedding = matrices.get('model.embed_tokens.weight') as StoredMatrix;
    this.head = config.tiedHead ? this.embedding : (matrices.get('lm_head.weight') as StoredMatrix);
    this.finalGain = vectors.get('model.norm.weight')!;
  }

  /** Reads all weights, one tensor at a time. */
  static async load(decoder: OpenDecoder, form: FrozenForm, threads?: number): Promise<FrozenLayers> {
    const { config } = decoder;
    const quantizers = new Quantizers(threads);
    const vectors = new Map<string, Float32Array>();
    const matrices = new Map<string, StoredMatrix | ReadyMatrix>();
    const isReadyInt8 = (name: string) => form.hold === 'ready' && isInt8(form, layerOf(name));
    const integers = decoder.tensors.filter(({ name, shape }) => shape.length === 2 && isReadyInt8(name));
    // In one piece: arrays that are allocated between temporary ones would leave holes in memory that nothing else fits.
    const slab = new Int8Array(integers.reduce((total, { shape: [out, into] }) => total + out! * into!, 0));
    const largest = Math.max(0, ...integers.map(({ shape: [out, into] }) => out! * into!));
    const scratch = new Float32Array(largest);
    let used = 0;
    try {
      for (const tensor of decoder.tensors) {
        const { name, shape } = tensor;
        if (shape.length === 1) {
          vectors.set(name, await decoder.readVector(tensor));
          continue;
        }
        const stored = await decoder.readMatrix(tensor);
        if (layerOf(name) === undefined || form.hold === 'blocks') matrices.set(name, stored);
        else if (isReadyInt8(name)) {
          const size = stored.rows * stored.columns;
          const values = slab.subarray(used, (used += size));
          const weight = readMatrix(stored, () => scratch.subarray(0, size));
          matrices.set(
            name,
            await quantizers.quantize(weight, stored, { values, scales: new Float32Array(stored.rows) }),
          );
        } else matrices.set(name, { values: readMatrix(stored) });
      }
      // What is ready needs no more making ready.
      if (form.hold === 'ready') await quantizers[Symbol.asyncDispose]();
    } catch (error) {
      await quantizers[Symbol.asyncDispose]();
      throw error;
    }
    return new FrozenLayers(config, form, vectors, matrices, quantizers);
  }

  /** The form of a layer's products. */
  productsOf(layer: number): 'float32' | 'int8' {
    return isInt8(this.#form, layer) ? 'int8' : 'float32';
  }

  /** A layer's weights under the names of {@link layerInputs}. What they hold may change with the next call. */
  async inputs(layer: number): Promise<Record<string, TensorData>> {
    if (this.#inScratch?.layer === layer) return this.#inScratch.inputs;
    const { config } = this;
    const inputs: Record<string, TensorData> = {};
    const path = `model.layers.${layer}`;
    const vector = (name: string, input: string) => {
      const data = this.#vectors.get(`${path}.${name}`)!;
      inputs[input] = { data, shape: [data.length] };
    };
    for (const { name } of Object.values(blockNorms(config.normPlacement)))
      vector(`${name}.weight`, layerInputs.gain(name));
    if (config.queryKeyNorm) {
      for (const name of ['self_attn.q_norm', 'self_attn.k_norm'])
        vector(`${name}.weight`, layerInputs.gain(name));
    }
    const sizes = decoderLayerSizes(config);
    for (const target of loraTargets) {
      const module = loraModulePath(layer, target);
      if (config.biases.includes(target)) {
        const data = this.#vectors.get(`${module}.bias`)!;
        inputs[layerInputs.bias(target)] = { data, shape: [data.length] };
      }
      const { out, in: into } = sizes[target];
      const ready = await this.#ready(layer, target, this.#matrices.get(`${module}.weight`)!);
      if ('scales' in ready) {
        inputs[layerInputs.values(target)] = { data: ready.values, shape: [out, into] };
        inputs[layerInputs.scales(target)] = { data: ready.scales, shape: [out] };
      } else inputs[layerInputs.weight(target)] = { data: ready.values, shape: [out, into] };
    }
    if (this.#form.hold === 'blocks') this.#inScratch = { layer, inputs };
    return inputs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#quantizers[Symbol.asyncDispose]();
  }

  /** Written to memory that all layers share, where it is not held ready. */
  async #ready(layer: number, target: LoraTarget, matrix: StoredMatrix | ReadyMatrix): Promise<ReadyMatrix> {
    if ('values' in matrix) return matrix;
    this.#inScratch = undefined;
    const scratch = this.#scratch.get(target) ?? {};
    this.#scratch.set(target, scratch);
    const { rows, columns } = matrix;
    const values = readMatrix(matrix, () => (scratch.float32 ??= new Float32Array(rows * columns)));
    if (!isInt8(this.#form, layer)) return { values };
    scratch.int8 ??= { values: new Int8Array(rows * columns), scales: new Float32Array(rows) };
    return this.#quantizers.quantize(values, matrix, scratch.int8);
  }
}

const isInt8 = ({ products }: FrozenForm, layer: number | undefined) =>
  products === 'int8' && layer !== undefined && layer > 0;

/** Undefined for what is in no layer. */
function layerOf(name: string): number | undefined {
  const found = /^model\.layers\.(\d+)\./.exec(name);
  return found ? Number(found[1]) : undefined;
}

/** A matrix as it is multiplied: float32, or integers with a scale for each row. */
type ReadyMatrix = { values: Float32Array } | Int8Rows;
interface Int8Rows {
  values: Int8Array;
  scales: Float32Array;
}
interface Scratch {
  float32?: Float32Array;
  int8?: Int8Rows;
}

/** Graphs that round matrices to int8, one for each shape. */
class Quantizers implements AsyncDisposable {
  readonly #threads: number | undefined;
  readonly #sessions = new Map<string, Session>();

  constructor(threads: number | undefined) {
    this.#threads = threads;
  }

  async quantize(
    weight: Float32Array,
    { rows, columns }: Pick<StoredMatrix, 'rows' | 'columns'>,
    into: Int8Rows,
  ): Promise<Int8Rows> {
    const key = `${rows},${columns}`;
    let session = this.#sessions.get(key);
    if (!session) {
      const graph = new Graph('quantize to int8');
      const { values, scales } = frozenInt8(graph.input('weight', 'float32', [rows, columns]));
      graph.output('values', values);
      graph.output('scales', scales);
      session = await openSession(graph, {
        ...(this.#threads !== undefined && { threads: this.#threads }),
        spin: false,
        keepMemory: false,
      });
      this.#sessions.set(key, session);
    }
    await session.run({ weight: { data: weight, shape: [rows, columns] } }, undefined, {
      values: { data: into.values, shape: [rows, columns] },
      scales: { data: into.scales, shape: [rows] },
    });
    return into;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) await session[Symbol.asyncDispose]();
    this.#sessions.clear();
  }
}
