import {
  add,
  causalAttention,
  concatenate,
  dropoutKeyRange,
  dropoutKeyWidth,
  Graph,
  gatherRows,
  geglu,
  gradients,
  type Int8Weight,
  type LoraLayer,
  linear,
  linearCrossEntropy,
  linearLogProbabilities,
  loraLinear,
  loraLinearWithDropout,
  preferenceLoss,
  recomputed,
  reshape,
  rmsNorm,
  rotary,
  rotaryFrequencies,
  rotaryTables,
  scale,
  slidingWindow,
  swiglu,
  type TensorData,
  type Value,
} from '../graph/index.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import {
  blockNorms,
  type DecoderConfig,
  type DecoderModel,
  decoderLayerSizes,
  type Int8Layer,
  type Rotary,
} from './decoder-config.ts';
import { type LoraAdapter, type LoraTarget, loraModulePath, loraTargets } from './lora-adapter.ts';

/** Which matrices of every layer carry an adapter, and how large it is. */
export interface LoraShape {
  rank: number;
  alpha: number;
  targetModules: readonly LoraTarget[];
  /**
   * In training graphs: what the backward computes again instead of the forward keeping it. `parts` (default): norms
   * and activations. `layers`: all of a layer except its input, which takes a third more work and a sixth of the memory
   * for each token.
   */
  recompute?: 'parts' | 'layers';
  /**
   * In training graphs: the share of A's inputs that is zeroed. The graph then has the inputs of {@link dropoutInputs}.
   */
  dropout?: number;
}

/**
 * The graph of one training pass over a batch of sequences padded on the right: forward, loss and the gradient of every
 * adapter matrix.
 *
 * Inputs: those of {@link decoderInputs}; each adapter matrix as `<module path>.a` and `.b`; and `seed`, the factor on
 * the loss in the gradients (1 / labelled tokens of the whole step gives the gradient of the mean). Outputs: `loss`,
 * the cross-entropy *summed* over the labelled tokens, and `<module path>.a.gradient` and `.b.gradient`.
 */
export function decoderTrainingGraph(model: DecoderModel, lora: LoraShape): Graph {
  const decoder = new Decoder('decoder training', model, lora);
  return addGradients(decoder, decoder.loss());
}

/**
 * As {@link decoderTrainingGraph}, for pairs of replies and the loss of direct preference optimisation (see
 * {@link preferenceLoss}), *summed* over the pairs. Inputs: those of {@link preferenceInputs}, among them `reference`
 * [pairs]. Further outputs: `chosen` and `rejected`, [pairs], the log-probabilities of the replies.
 */
export function decoderPreferenceGraph(model: DecoderModel, lora: LoraShape, beta: number): Graph {
  const decoder = new Decoder('decoder preferences', model, lora);
  return addGradients(decoder, decoder.preferenceLoss(beta));
}

/** Forward only: the outputs of {@link decoderPreferenceGraph} without gradients. */
export function decoderPreferenceLossGraph(model: DecoderModel, lora: LoraShape, beta: number): Graph {
  const decoder = new Decoder('decoder preference loss', model, lora);
  decoder.graph.output('loss', decoder.preferenceLoss(beta));
  return decoder.graph;
}

function addGradients({ graph, trainable }: Decoder, loss: Value): Graph {
  graph.output('loss', loss);
  const seed = graph.input('seed', 'float32', []);
  const names = [...trainable.keys()];
  gradients(loss, [...trainable.values()], seed).forEach((gradient, index) => {
    graph.output(`${names[index]}.gradient`, gradient);
  });
  return graph;
}

/** Forward only: output `loss`, the cross-entropy summed over the labelled tokens. */
export function decoderLossGraph(model: DecoderModel, lora?: LoraShape): Graph {
  const decoder = new Decoder('decoder loss', model, lora);
  decoder.graph.output('loss', decoder.loss());
  return decoder.graph;
}

/** Forward only: output `logits`, [rows, vocabulary], at the positions that the input `rows` names. */
export function decoderLogitsGraph(model: DecoderModel, lora?: LoraShape): Graph {
  const decoder = new Decoder('decoder logits', model, lora);
  decoder.graph.output('logits', linear(decoder.hiddenAtRows(), decoder.head()));
  return decoder.graph;
}

/** A sequence of token ids, and the positions whose token is a label (predicted from the tokens before it). */
export interface LabelledTokens {
  tokens: ArrayLike<number>;
  /** Positions ≥ 1, ascending. */
  labels: ArrayLike<number>;
}

/**
 * Graph inputs for a batch of sequences, padded on the right, with the rows that predict labels. Causal attention never
 * looks at the padding.
 */
export function decoderInputs(
  batch: readonly LabelledTokens[],
): Record<string, TensorData> & { labels: TensorData } {
  const length = Math.max(...batch.map(({ tokens }) => tokens.length));
  const tokens = new Int32Array(batch.length * length);
  const rows: number[] = [];
  const labels: number[] = [];
  batch.forEach((sequence, index) => {
    tokens.set(Array.from(sequence.tokens), index * length);
    for (const position of Array.from(sequence.labels)) {
      rows.push(index * length + position - 1);
      labels.push(sequence.tokens[position]!);
    }
  });
  return {
    tokens: { data: tokens, shape: [batch.length, length] },
    mask: { data: causalMask(length), shape: [length, length] },
    rows: { data: Int32Array.from(rows), shape: [rows.length] },
    labels: { data: Int32Array.from(labels), shape: [labels.length] },
  };
}

/** Two replies to one prompt. Each sequence is the prompt and the reply; the reply's tokens are its labels. */
export interface PreferredTokens {
  chosen: LabelledTokens;
  rejected: LabelledTokens;
}

/**
 * Graph inputs for pairs: all chosen sequences, then all rejected ones, and to which pair each labelled row belongs.
 * @param reference [pairs]: see {@link preferenceLoss}.
 */
export function preferenceInputs(
  pairs: readonly PreferredTokens[],
  reference: Float32Array,
): Record<string, TensorData> {
  const sequences = [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
  const inputs = decoderInputs(sequences);
  const [rows] = inputs.labels.shape as [number];
  const shape = [pairs.length, rows];
  const chosenRows = { data: new Float32Array(pairs.length * rows), shape };
  const rejectedRows = { data: new Float32Array(pairs.length * rows), shape };
  let row = 0;
  sequences.forEach(({ labels }, index) => {
    const { data } = index < pairs.length ? chosenRows : rejectedRows;
    const start = (index % pairs.length) * rows + row;
    data.fill(1, start, start + labels.length);
    row += labels.length;
  });
  return { ...inputs, chosenRows, rejectedRows, reference: { data: reference, shape: [pairs.length] } };
}

/**
 * The input `dropout.rows` for sequences padded to one length: a key for each token. It depends only on the seed of the
 * sequence and the token's position, so that the zeros do not depend on the other sequences of the batch.
 */
export function dropoutInputs(seeds: readonly number[], length: number): Record<string, TensorData> {
  const data = new Float32Array(seeds.length * length * dropoutKeyWidth);
  seeds.forEach((seed, index) => {
    const random = seededRandom(seed);
    const from = index * length * dropoutKeyWidth;
    for (let at = from; at < from + length * dropoutKeyWidth; at++) {
      data[at] = (2 * random() - 1) * dropoutKeyRange;
    }
  });
  return { 'dropout.rows': { data, shape: [seeds.length * length, dropoutKeyWidth] } };
}

/** An adapter's matrices as graph inputs, `<module path>.a` and `.b`. */
export function adapterInputs(adapter: LoraAdapter, config: DecoderConfig): Record<string, TensorData> {
  const sizes = decoderLayerSizes(config);
  const inputs: Record<string, TensorData> = {};
  for (const [path, { a, b }] of adapter.tensors) {
    const { out, in: into } = sizes[path.slice(path.lastIndexOf('.') + 1) as LoraTarget];
    inputs[`${path}.a`] = { data: a, shape: [adapter.rank, into] };
    inputs[`${path}.b`] = { data: b, shape: [out, adapter.rank] };
  }
  return inputs;
}

function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) mask.fill(-1e30, row * length + row + 1, (row + 1) * length);
  return mask;
}

/**
 * Writes the decoder into a graph. The rows of all sequences are flattened: only attention depends on batch and length.
 */
class Decoder {
  readonly graph: Graph;
  /** The adapter matrices by input name. */
  readonly trainable = new Map<string, Value>();
  private readonly model: DecoderModel;
  private readonly lora: LoraShape | undefined;

  constructor(name: string, model: DecoderModel, lora: LoraShape | undefined) {
    this.graph = new Graph(name);
    this.model = model;
    this.lora = lora;
  }

  /** Cross-entropy summed over the labelled rows. The head is applied only to those: most rows are the prompt's. */
  loss(): Value {
    const hidden = this.hiddenAtRows();
    return linearCrossEntropy(hidden, this.head(), this.graph.input('labels', 'int32', ['rows']));
  }

  preferenceLoss(beta: number): Value {
    const { graph } = this;
    const labels = graph.input('labels', 'int32', ['rows']);
    const logProbabilities = linearLogProbabilities(this.hiddenAtRows(), this.head(), labels);
    const { loss, chosen, rejected } = preferenceLoss(logProbabilities, {
      chosenRows: graph.input('chosenRows', 'float32', ['pairs', 'rows']),
      rejectedRows: graph.input('rejectedRows', 'float32', ['pairs', 'rows']),
      reference: graph.input('reference', 'float32', ['pairs']),
      beta,
    });
    graph.output('chosen', chosen);
    graph.output('rejected', rejected);
    return loss;
  }

  head(): Value {
    const { vocabulary, width } = this.model.config;
    return this.model.config.tiedHead ? this.embedding() : this.weight('lm_head.weight', [vocabulary, width]);
  }

  /** The final, normalised hidden states of the rows that the input `rows` names: [rows, width]. */
  hiddenAtRows(): Value {
    const { graph } = this;
    const { config } = this.model;
    const { width, headWidth } = config;
    const tokens = graph.input('tokens', 'int32', ['batch', 'length']);
    const mask = graph.input('mask', 'float32', ['length', 'length']);
    const rows = graph.input('rows', 'int32', ['rows']);

    // Matrix products take the rows of all sequences together; rotation and attention need them by sequence.
    const [batchAndLength] = graph.node('Shape', [tokens], [{ type: 'int64', shape: [2] }]);
    const sizes = (count: number) =>
      concatenate([batchAndLength!, graph.constant('int64', [count * headWidth], [1])], 0);
    const layout: SequenceLayout = {
      splitSequences: (y, count) =>
        reshape(y, ['batch', 'length', count * headWidth], { sizes: sizes(count) }),
      joinSequences: (y, count) =>
        reshape(y, ['batch*length', count * headWidth], { sizesBack: sizes(count) }),
      positions: new Positions(graph, tokens, mask, headWidth),
    };

    let x = reshape(gatherRows(this.embedding(), tokens), ['batch*length', width]);
    if (config.embeddingScale !== 1) x = scale(x, config.embeddingScale);
    for (let layer = 0; layer < config.layers; layer++) {
      x =
        this.lora?.recompute === 'layers'
          ? recomputed(
              [x],
              adapterValues(loraTargets.map((target) => this.layer(layer, target))),
              ([input]) => [this.block(input!, layer, layout)],
            )[0]!
          : this.block(x, layer, layout);
    }
    return this.norm(gatherRows(x, rows), 'model.norm');
  }

  /** One layer: attention, then feed-forward, each added to x: [rows, width]. */
  private block(
    x: Value,
    layer: number,
    { splitSequences, joinSequences, positions }: SequenceLayout,
  ): Value {
    const { config } = this.model;
    const { heads, keyValueHeads } = config;
    const norms = blockNorms(config.normPlacement);
    const path = `model.layers.${layer}`;
    const { rotary: kind, window } = config.attention[layer]!;
    const [q, k, v] = this.normaliseAndProject(x, `${path}.${norms.beforeAttention.name}`, layer, [
      'q_proj',
      'k_proj',
      'v_proj',
    ]);
    const mixed = causalAttention(
      positions.rotate(
        splitSequences(this.normaliseHeads(q!, `${path}.self_attn.q_norm`), heads),
        kind,
        heads,
      ),
      positions.rotate(
        splitSequences(this.normaliseHeads(k!, `${path}.self_attn.k_norm`), keyValueHeads),
        kind,
        keyValueHeads,
      ),
      splitSequences(v!, keyValueHeads),
      positions.mask(window),
      config,
    );
    const ofAttention = this.projectAttention(joinSequences(mixed, heads), layer);
    const attended = add(
      x,
      norms.afterAttention ? this.norm(ofAttention, `${path}.${norms.afterAttention.name}`) : ofAttention,
    );

    const [gate, up] = this.normaliseAndProject(attended, `${path}.${norms.beforeFeedForward.name}`, layer, [
      'gate_proj',
      'up_proj',
    ]);
    const ofFeedForward = this.projectFeedForward(gate!, up!, layer);
    return add(
      attended,
      norms.afterFeedForward
        ? this.norm(ofFeedForward, `${path}.${norms.afterFeedForward.name}`)
        : ofFeedForward,
    );
  }

  /**
   * Builds a part whose values are computed again in the backward. With `layers` the whole layer is computed again
   * already.
   */
  private recomputePart(
    inputs: Value[],
    layers: LoraLayer[],
    build: (inputs: readonly Value[]) => Value[],
  ): Value[] {
    return this.lora?.recompute === 'layers'
      ? build(inputs)
      : recomputed(inputs, adapterValues(layers), build);
  }

  private norm(x: Value, name: string): Value {
    return rmsNorm(
      x,
      this.weight(`${name}.weight`, [x.shape.at(-1) as number]),
      this.model.config.rmsEpsilon,
    );
  }

  /** q or k as they are, or each head normalised: [rows, heads·headWidth]. */
  private normaliseHeads(x: Value, name: string): Value {
    const { queryKeyNorm, headWidth } = this.model.config;
    if (!queryKeyNorm) return x;
    const [rows, width] = x.shape as [string, number];
    return reshape(this.norm(reshape(x, [rows, width / headWidth, headWidth]), name), [rows, width]);
  }

  private normaliseAndProject(x: Value, norm: string, layer: number, targets: LoraTarget[]): Value[] {
    const { width, rmsEpsilon } = this.model.config;
    const gain = this.weight(`${norm}.weight`, [width]);
    const layers = targets.map((target) => this.layer(layer, target));
    return this.recomputePart([x], layers, ([input]) =>
      this.applyLora(rmsNorm(input!, gain, rmsEpsilon), layers),
    );
  }

  private projectAttention(attended: Value, layer: number): Value {
    const layers = [this.layer(layer, 'o_proj')];
    if (!this.lora?.dropout) return this.applyLora(attended, layers)[0]!;
    // With dropout, A reads a second value as large as the input, which is not worth keeping.
    return this.recomputePart([attended], layers, ([x]) => this.applyLora(x!, layers))[0]!;
  }

  private projectFeedForward(gate: Value, up: Value, layer: number): Value {
    const layers = [this.layer(layer, 'down_proj')];
    const activated = this.model.config.activation === 'silu' ? swiglu : geglu;
    return this.recomputePart([gate, up], layers, ([g, u]) => this.applyLora(activated(g!, u!), layers))[0]!;
  }

  private applyLora(x: Value, layers: readonly LoraLayer[]): Value[] {
    const probability = this.lora?.dropout;
    if (!probability || layers.every(({ adapter }) => !adapter)) return loraLinear(x, layers, this.scaling);
    this.dropoutRows ??= this.graph.input('dropout.rows', 'float32', ['batch*length', dropoutKeyWidth]);
    const columns = this.dropoutColumns(layers[0]!.weight);
    return loraLinearWithDropout(x, layers, this.scaling, { probability, rows: this.dropoutRows, columns });
  }

  private dropoutRows: Value | undefined;
  private readonly columnKeys = new Map<string, Value>();

  /** Fixed random keys of the inputs of a weight, different at each place in the model. */
  private dropoutColumns({ name, shape }: Value): Value {
    const known = this.columnKeys.get(name);
    if (known) return known;
    const random = seededRandom(this.columnKeys.size + 1);
    const width = shape[1] as number;
    const keys = Float32Array.from(
      { length: width * dropoutKeyWidth },
      () => (2 * random() - 1) * dropoutKeyRange,
    );
    const columns = this.graph.weight(`dropout.columns.${name}`, keys, [width, dropoutKeyWidth]);
    this.columnKeys.set(name, columns);
    return columns;
  }

  private readonly layers = new Map<string, LoraLayer>();

  private layer(index: number, target: LoraTarget): LoraLayer {
    const path = loraModulePath(index, target);
    const known = this.layers.get(path);
    if (known) return known;
    const { out, in: into } = decoderLayerSizes(this.model.config)[target];
    const name = `${path}.weight`;
    const shape = [out, into];
    const int8 = this.model.int8?.get(name);
    const layer: LoraLayer = int8
      ? // Only a name: with integers the float32 matrix is not part of the graph.
        {
          weight: { graph: this.graph, name, type: 'float32', shape },
          int8: this.int8Weight(name, shape, int8),
        }
      : { weight: this.weight(name, shape) };
    if (this.model.config.biases.includes(target)) layer.bias = this.weight(`${path}.bias`, [out]);
    if (this.lora?.targetModules.includes(target)) {
      const { rank } = this.lora;
      const a = this.graph.input(`${path}.a`, 'float32', [rank, into]);
      const b = this.graph.input(`${path}.b`, 'float32', [out, rank]);
      this.trainable.set(a.name, a).set(b.name, b);
      layer.adapter = { a, b };
    }
    this.layers.set(path, layer);
    return layer;
  }

  private int8Weight(
    name: string,
    [out, into]: readonly number[],
    { forward, backward }: Int8Layer,
  ): Int8Weight {
    const { graph } = this;
    return {
      forward: {
        values: graph.weight(`${name}.forward`, forward.values, [into!, out!], 'int8'),
        scales: graph.weight(`${name}.forward.scales`, forward.scales, [out!]),
      },
      backward: {
        values: graph.weight(`${name}.backward`, backward.values, [out!, into!], 'int8'),
        scales: graph.weight(`${name}.backward.scales`, backward.scales, [into!]),
      },
    };
  }

  private get scaling(): number {
    return this.lora ? this.lora.alpha / this.lora.rank : 1;
  }

  private embedding(): Value {
    const { vocabulary, width } = this.model.config;
    return this.weight('model.embed_tokens.weight', [vocabulary, width]);
  }

  private readonly weights = new Map<string, Value>();

  /** The same value each time, so that what is computed again reads the same weights. */
  private weight(name: string, shape: readonly number[]): Value {
    const known = this.weights.get(name);
    if (known) return known;
    const weight = this.graph.weight(name, this.model.weights.get(name)!, shape);
    this.weights.set(name, weight);
    return weight;
  }
}

function adapterValues(layers: readonly LoraLayer[]): Value[] {
  return layers.flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
}

/**
 * Switches between the rows of all sequences together (for matrix products) and sequence by sequence (for rotation and
 * attention).
 */
interface SequenceLayout {
  /** [batch·length, count·headWidth] → [batch, length, count·headWidth]. */
  splitSequences(y: Value, count: number): Value;
  /** The inverse of `splitSequences`. */
  joinSequences(y: Value, count: number): Value;
  positions: Positions;
}

/** Rotations and masks for the layers: each kind is computed once and used by all layers. */
class Positions {
  private readonly fullMask: Value;
  private readonly length: Value;
  private readonly first: Value;
  private readonly headWidth: number;
  private readonly tables = new Map<string, { cosine: Value; sine: Value }>();
  private readonly masks = new Map<number, Value>();

  constructor(graph: Graph, tokens: Value, mask: Value, headWidth: number) {
    this.fullMask = mask;
    this.headWidth = headWidth;
    const [length] = graph.node('Shape', [tokens], [{ type: 'int64', shape: [1] }], {
      attributes: { start: 1, end: 2 },
    });
    this.length = graph.node('Squeeze', [length], [{ type: 'int64', shape: [] }])[0]!;
    this.first = graph.constant('int64', [0], [1]); // the position of the first row
  }

  /** [batch, length, heads·headWidth]; unchanged where the layer does not rotate. */
  rotate(x: Value, kind: Rotary | undefined, heads: number): Value {
    if (!kind) return x;
    const key = JSON.stringify(kind);
    const tables = this.tables.get(key) ?? rotaryTables(this.length, frequencies(kind, this.headWidth));
    this.tables.set(key, tables);
    return rotary(x, this.first, tables.cosine, tables.sine, heads);
  }

  mask(window: number | undefined): Value {
    if (window === undefined) return this.fullMask;
    const mask = this.masks.get(window) ?? slidingWindow(this.fullMask, window);
    this.masks.set(window, mask);
    return mask;
  }
}

/** Each divided by its factor. */
function frequencies({ base, factors }: Rotary, headWidth: number): number[] {
  return rotaryFrequencies(base, headWidth).map((frequency, j) => frequency / (factors?.[j] ?? 1));
}
