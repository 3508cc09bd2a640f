/**
 * A decoder that can be run and trained, layer by layer: one pair of sessions for each form of layer, through which the
 * layers go one after the other with their weights as inputs. Memory holds the frozen weights in the smallest form that
 * the plan allows, what each layer keeps for the backward, and the working memory of one layer.
 */
import {
  type Dimension,
  type Graph,
  openSession,
  type Session,
  type SessionOptions,
  type TensorData,
  type TypedArray,
} from '../graph/index.ts';
import { type DecoderBatch, dropoutColumnKeys } from './decoder-batch.ts';
import { type DecoderConfig, type DecoderModel, decoderLayerSizes } from './decoder-config.ts';
import { DecoderHead } from './decoder-head.ts';
import {
  type KeptValue,
  type LayerForm,
  type LayerTraining,
  layerForwardGraph,
  layerInputs,
  layerTrainingGraphs,
} from './decoder-layer.ts';
import { openDecoder } from './decoder-weights.ts';
import { type FrozenForm, FrozenLayers } from './frozen-layers.ts';
import { type LoraAdapter, loraModulePath, loraTargets } from './lora-adapter.ts';
import { readRows } from './stored-matrix.ts';

/** What a decoder is opened for. */
export interface DecoderOptions extends FrozenForm {
  /** The adapter's shape; absent where there is none. */
  lora?: Pick<LoraAdapter, 'rank' | 'alpha' | 'targetModules'>;
  /** To train the adapter; absent where it is only read. */
  training?: Pick<LayerTraining, 'dropout' | 'recompute'>;
  session: SessionOptions;
}

/** Gets the log-probability of each label of a batch, and returns the gradient of the loss in each of them. */
export type LossOfLabels = (logProbabilities: Float32Array) => Float32Array;

/** Reads a decoder; errors are those of `loadDecoder`. */
export async function openLayeredDecoder(
  model: string | DecoderModel,
  options: DecoderOptions,
): Promise<LayeredDecoder> {
  await using decoder = await openDecoder(model);
  const frozen = await FrozenLayers.load(decoder, options, options.session.threads);
  return await LayeredDecoder.open(frozen, options);
}

/** A decoder in memory with its sessions. Its methods occupy the calling thread, one at a time. */
export class LayeredDecoder implements AsyncDisposable {
  readonly config: DecoderConfig;
  readonly #frozen: FrozenLayers;
  readonly #head: DecoderHead;
  readonly #layers: readonly LayerSessions[];
  readonly #options: DecoderOptions;
  readonly #memory = new ReusedMemory();
  readonly #columnKeys = new Map<string, TensorData>();

  private constructor(
    frozen: FrozenLayers,
    head: DecoderHead,
    layers: readonly LayerSessions[],
    options: DecoderOptions,
  ) {
    this.config = frozen.config;
    this.#frozen = frozen;
    this.#head = head;
    this.#layers = layers;
    this.#options = options;
  }

  static async open(frozen: FrozenLayers, options: DecoderOptions): Promise<LayeredDecoder> {
    const { config } = frozen;
    const forms = config.attention.map(
      (attention, layer): LayerForm => ({ attention, products: frozen.productsOf(layer) }),
    );
    const counts = Map.groupBy(forms, (form) => JSON.stringify(form));
    const byForm = new Map<string, LayerSessions>();
    const opened: AsyncDisposable[] = [frozen];
    try {
      for (const [key, layers] of counts) {
        const sessions = await openLayerSessions(config, layers[0]!, options, {
          // Sessions that few layers use would hold memory for nothing most of the time.
          keepMemory: 4 * layers.length > config.layers,
        });
        byForm.set(key, sessions);
        opened.push(sessions);
      }
      const head = await DecoderHead.open(frozen, options.session);
      const layers = forms.map((form) => byForm.get(JSON.stringify(form))!);
      return new LayeredDecoder(frozen, head, layers, options);
    } catch (error) {
      for (const one of opened) await one[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * The log-probability of each label, in the batch's order.
   * @param adapter its matrices by `<module path>.a` and `.b`.
   */
  async logProbabilities(batch: DecoderBatch, adapter: Record<string, TensorData>): Promise<Float32Array> {
    const hidden = this.#rowsOf(await this.#read(batch, adapter), batch.rows);
    return (await this.#head.logProbabilities(hidden, batch.labels, { gradient: false })).values;
  }

  /** The logits at the batch's rows: [rows, vocabulary]. */
  async logits(batch: DecoderBatch, adapter: Record<string, TensorData>): Promise<Float32Array> {
    return this.#head.logits(this.#rowsOf(await this.#read(batch, adapter), batch.rows));
  }

  /**
   * Forward and backward. The gradients of the adapter's matrices are added to `gradients`, by their names.
   *
   * @param options.dropoutRows keys of the rows, with dropout.
   */
  async train(
    batch: DecoderBatch,
    adapter: Record<string, TensorData>,
    options: {
      loss: LossOfLabels;
      gradients: ReadonlyMap<string, Float32Array>;
      dropoutRows?: TensorData | undefined;
    },
  ): Promise<void> {
    const { layers, width } = this.config;
    const last = await this.#read(batch, adapter, { keep: true, dropoutRows: options.dropoutRows });
    const { values, backward } = await this.#head.logProbabilities(
      this.#rowsOf(last, batch.rows),
      batch.labels,
      { gradient: true },
    );
    const ofRows = await backward(options.loss(values));
    const { shape } = last;
    let dy = this.#memory.tensor(`dy.${layers % 2}`, 'float32', shape);
    (dy.data as Float32Array).fill(0);
    batch.rows.forEach((row, index) => {
      // A row predicts one label, so no two are at the same place.
      (dy.data as Float32Array).set(ofRows.subarray(index * width, (index + 1) * width), row * width);
    });
    for (let layer = layers - 1; layer >= 0; layer--) {
      const { backward: session, kept } = this.#layers[layer]!;
      const dx = this.#memory.tensor(`dy.${layer % 2}`, 'float32', shape);
      const ofAdapter = this.#gradientsOf(layer);
      const into = { dx, ...Object.fromEntries(ofAdapter.map(({ name, tensor }) => [name, tensor])) };
      const inputs = {
        ...(await this.#inputsOf(layer, batch, adapter, options.dropoutRows)),
        ...this.#keptOf(layer, kept, batch),
        x: this.#memory.tensor(`x.${layer}`, 'float32', shape),
        dy,
      };
      await session!.run(inputs, Object.keys(into), into);
      for (const { matrix, tensor } of ofAdapter) {
        const [sum, part] = [options.gradients.get(matrix)!, tensor.data as Float32Array];
        for (let index = 0; index < sum.length; index++) sum[index]! += part[index]!;
      }
      dy = dx;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sessions of new Set(this.#layers)) await sessions[Symbol.asyncDispose]();
    await this.#head[Symbol.asyncDispose]();
    await this.#frozen[Symbol.asyncDispose]();
  }

  /** The hidden states after the last layer: [batch·length, width]. */
  async #read(
    batch: DecoderBatch,
    adapter: Record<string, TensorData>,
    { keep = false, dropoutRows }: { keep?: boolean; dropoutRows?: TensorData | undefined } = {},
  ): Promise<TensorData> {
    const { layers } = this.config;
    // Without a backward two layers' values are enough.
    const at = (layer: number) => this.#memory.tensor(`x.${keep ? layer : layer % 2}`, 'float32', shape);
    const shape = [batch.tokens.data.length, this.config.width];
    let x = at(0);
    this.#embed(batch.tokens.data as Int32Array, x.data as Float32Array);
    for (let layer = 0; layer < layers; layer++) {
      const { forward, evaluate, kept } = this.#layers[layer]!;
      const y = at(layer + 1);
      const into = { y, ...(keep && this.#keptOf(layer, kept, batch)) };
      const inputs = { ...(await this.#inputsOf(layer, batch, adapter, dropoutRows)), x };
      await (keep ? forward! : evaluate).run(inputs, Object.keys(into), into);
      x = y;
    }
    return x;
  }

  #embed(tokens: Int32Array, out: Float32Array): void {
    const { width, embeddingScale } = this.config;
    tokens.forEach((token, row) => {
      readRows(this.#frozen.embedding, token, token + 1, out.subarray(row * width, (row + 1) * width));
    });
    if (embeddingScale !== 1) for (let at = 0; at < out.length; at++) out[at]! *= embeddingScale;
  }

  async #inputsOf(
    layer: number,
    { tokens, mask }: DecoderBatch,
    adapter: Record<string, TensorData>,
    dropoutRows: TensorData | undefined,
  ): Promise<Record<string, TensorData>> {
    const inputs: Record<string, TensorData> = { tokens, mask, ...(await this.#frozen.inputs(layer)) };
    const sizes = decoderLayerSizes(this.config);
    for (const [index, target] of loraTargets.entries()) {
      const module = loraModulePath(layer, target);
      if (adapter[`${module}.a`]) {
        inputs[layerInputs.a(target)] = adapter[`${module}.a`]!;
        inputs[layerInputs.b(target)] = adapter[`${module}.b`]!;
      }
      if (!dropoutRows) continue;
      const name = layerInputs.dropoutColumns(target);
      const key = `${layer}.${name}`;
      const place = layer * loraTargets.length + index + 1;
      const columns = this.#columnKeys.get(key) ?? dropoutColumnKeys(place, sizes[target].in);
      this.#columnKeys.set(key, columns);
      inputs[name] = columns;
      inputs[layerInputs.dropoutRows] = dropoutRows;
    }
    return inputs;
  }

  #keptOf(layer: number, kept: readonly KeptValue[], { tokens }: DecoderBatch): Record<string, TensorData> {
    const [batch, length] = tokens.shape as [number, number];
    return Object.fromEntries(
      kept.map(({ name, type, shape }) => [
        name,
        this.#memory.tensor(`${layer}.${name}`, type, sizesOf(shape, { batch, length })),
      ]),
    );
  }

  /** Where the gradients of a layer's adapter are written, in memory that all layers share. */
  #gradientsOf(layer: number): { name: string; matrix: string; tensor: TensorData }[] {
    const { rank, targetModules } = this.#options.lora!;
    const sizes = decoderLayerSizes(this.config);
    return targetModules.flatMap((target) => {
      const { out, in: into } = sizes[target];
      const module = loraModulePath(layer, target);
      const [a, b] = [`${layerInputs.a(target)}.gradient`, `${layerInputs.b(target)}.gradient`];
      return [
        { name: a, matrix: `${module}.a`, tensor: this.#memory.tensor(a, 'float32', [rank, into]) },
        { name: b, matrix: `${module}.b`, tensor: this.#memory.tensor(b, 'float32', [out, rank]) },
      ];
    });
  }

  #rowsOf({ data }: TensorData, rows: Int32Array): TensorData {
    const { width } = this.config;
    const picked = new Float32Array(rows.length * width);
    rows.forEach((row, index) => {
      picked.set((data as Float32Array).subarray(row * width, (row + 1) * width), index * width);
    });
    return { data: picked, shape: [rows.length, width] };
  }
}

/** The sessions that the layers of one form share. */
interface LayerSessions extends AsyncDisposable {
  evaluate: Session;
  forward?: Session;
  backward?: Session;
  kept: readonly KeptValue[];
}

async function openLayerSessions(
  config: DecoderConfig,
  form: LayerForm,
  { lora, training, session }: DecoderOptions,
  memory: Pick<SessionOptions, 'keepMemory'>,
): Promise<LayerSessions> {
  const opened: Session[] = [];
  const open = async (graph: Graph) => {
    const one = await openSession(graph, { ...session, ...memory });
    opened.push(one);
    return one;
  };
  const dispose = async () => {
    for (const one of opened) await one[Symbol.asyncDispose]();
  };
  try {
    const evaluate = await open(layerForwardGraph(config, form, lora));
    if (!lora || !training) return { evaluate, kept: [], [Symbol.asyncDispose]: dispose };
    const graphs = layerTrainingGraphs(config, form, { ...lora, ...training });
    // Without dropout and kept values, training reads a layer as validation does.
    const forward = graphs.kept.length === 0 && !training.dropout ? evaluate : await open(graphs.forward);
    const backward = await open(graphs.backward);
    return { evaluate, forward, backward, kept: graphs.kept, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Arrays by name that are used again in later passes, as large as the largest pass so far. */
class ReusedMemory {
  readonly #buffers = new Map<string, ArrayBuffer>();

  tensor(name: string, type: KeptValue['type'], shape: readonly number[]): TensorData {
    const length = shape.reduce((product, size) => product * size, 1);
    const ArrayType = arrayTypes[type as keyof typeof arrayTypes];
    const bytes = length * ArrayType.BYTES_PER_ELEMENT;
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.byteLength < bytes) {
      buffer = new ArrayBuffer(bytes);
      this.#buffers.set(name, buffer);
    }
    return { data: new ArrayType(buffer, 0, length), shape };
  }
}

const arrayTypes = {
  float32: Float32Array,
  // As bits.
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
} satisfies Record<string, new (buffer: ArrayBuffer, offset: number, length: number) => TypedArray>;

/** Sizes are numbers, or products of numbers and of the names `batch` and `length`. */
function sizesOf(shape: readonly Dimension[], named: Record<string, number>): number[] {
  return shape.map((dimension) =>
    typeof dimension === 'number'
      ? dimension
      : dimension.split('*').reduce((product, part) => product * (named[part] ?? Number(part)), 1),
  );
}
