/**
 * One layer of a decoder as a graph. All layers of one form share it: their weights, adapters and keys are inputs, so
 * that a session holds no weight and memory is needed for one layer at a time.
 */
import {
  add,
  backpropagate,
  causalAttention,
  concatenate,
  type Dimension,
  dropoutKeyWidth,
  Graph,
  geglu,
  type LoraLayer,
  loraLinear,
  loraLinearWithDropout,
  recomputed,
  recomputedByRows,
  reshape,
  rmsNorm,
  rotary,
  rotaryFrequencies,
  rotaryTables,
  slidingWindow,
  swiglu,
  type Value,
} from '../graph/index.ts';
import {
  blockNorms,
  type DecoderConfig,
  decoderLayerSizes,
  type LayerAttention,
  type Rotary,
} from './decoder-config.ts';
import type { LoraAdapter, LoraTarget } from './lora-adapter.ts';

/** In what layers may differ within a model, and how their products are computed. */
export interface LayerForm {
  attention: LayerAttention;
  /** Of the frozen matrices. */
  products: 'float32' | 'int8';
}

/** Which matrices carry an adapter, and what training does with activations. */
export interface LayerTraining extends Pick<LoraAdapter, 'rank' | 'alpha' | 'targetModules'> {
  /** The share of A's inputs that is zeroed. Default 0. */
  dropout?: number;
  /**
   * What the backward computes again instead of keeping it from the forward. `parts` (default): norms and activation
   * functions. `layers`: everything but the layer's input, which takes a third more work and a tenth of the memory.
   */
  recompute?: 'parts' | 'layers';
}

/** Names of inputs that lie under the names of a layer's projections and norms. */
export const layerInputs = {
  weight: (target: LoraTarget) => `${target}.weight`,
  values: (target: LoraTarget) => `${target}.values`,
  scales: (target: LoraTarget) => `${target}.scales`,
  bias: (target: LoraTarget) => `${target}.bias`,
  gain: (norm: string) => `${norm}.weight`,
  a: (target: LoraTarget) => `${target}.a`,
  b: (target: LoraTarget) => `${target}.b`,
  dropoutColumns: (target: LoraTarget) => `${target}.dropout`,
  dropoutRows: 'dropout.rows',
};

/**
 * Forward only. Inputs: `x` [batch·length, width], `tokens` (for their shape) and `mask` as in a DecoderBatch, and those
 * of {@link layerInputs}. Output: `y`, as x.
 */
export function layerForwardGraph(config: DecoderConfig, form: LayerForm, lora?: LayerTraining): Graph {
  const graph = new Graph('decoder layer');
  graph.output('y', new Layer(graph, config, form, lora, false).output());
  return graph;
}

/** A value that the forward keeps for the backward; its shape is in `batch` and `length`. */
export type KeptValue = Graph['outputs'][number];

/**
 * Forward and backward for training. The forward has the outputs `y` and `kept`; the backward reads what the forward
 * reads, `kept`, and `dy`, the gradient of y, and gives `dx` and `<target>.a.gradient` and `.b.gradient`.
 *
 * With products in int8 the two widest values are kept as float16: rounding them disturbs gradients twenty times less
 * than those products do.
 */
export function layerTrainingGraphs(
  config: DecoderConfig,
  form: LayerForm,
  lora: LayerTraining,
): { forward: Graph; backward: Graph; kept: readonly KeptValue[] } {
  const graph = new Graph('decoder layer training');
  const layer = new Layer(graph, config, form, lora, true);
  const y = layer.output();
  if (lora.recompute === 'layers') {
    layer.addGradients(y);
    return { forward: layerForwardGraph(config, form, lora), backward: graph, kept: [] };
  }
  graph.output('y', y);
  const end = graph.size;
  layer.addGradients(y);
  const { before, after, between } = graph.split(end, {
    halve: ({ shape }) => form.products === 'int8' && shape.at(-1) === config.feedForwardWidth,
  });
  return { forward: before, backward: after, kept: between };
}

/** Writes a layer. The rows of all sequences are flattened: only attention depends on batch and length. */
class Layer {
  private readonly graph: Graph;
  private readonly config: DecoderConfig;
  private readonly form: LayerForm;
  private readonly lora: LayerTraining | undefined;
  private readonly withBackward: boolean;
  private readonly x: Value;
  private readonly layout: SequenceLayout;
  private readonly trainable: Value[] = [];
  private readonly layers = new Map<LoraTarget, LoraLayer>();
  private readonly inputs = new Map<string, Value>();

  constructor(
    graph: Graph,
    config: DecoderConfig,
    form: LayerForm,
    lora: LayerTraining | undefined,
    withBackward: boolean,
  ) {
    this.graph = graph;
    this.config = config;
    this.form = form;
    this.lora = lora;
    this.withBackward = withBackward;
    this.x = graph.input('x', 'float32', ['batch*length', config.width]);
    const tokens = graph.input('tokens', 'int32', ['batch', 'length']);
    const mask = graph.input('mask', 'float32', ['length', 'length']);
    this.layout = new SequenceLayout(graph, tokens, mask, config.headWidth);
  }

  /** Attention, then feed-forward, each added to x. */
  output(): Value {
    const { config, x, layout } = this;
    const { heads, keyValueHeads } = config;
    const { rotary: kind, window } = this.form.attention;
    const norms = blockNorms(config.normPlacement);
    const [q, k, v] = this.normaliseAndProject(x, norms.beforeAttention.name, ['q_proj', 'k_proj', 'v_proj']);
    const mixed = causalAttention(
      layout.rotate(layout.split(this.normaliseHeads(q!, 'self_attn.q_norm'), heads), kind, heads),
      layout.rotate(
        layout.split(this.normaliseHeads(k!, 'self_attn.k_norm'), keyValueHeads),
        kind,
        keyValueHeads,
      ),
      layout.split(v!, keyValueHeads),
      layout.mask(window),
      config,
    );
    const ofAttention = this.projectAttention(layout.join(mixed, heads));
    const attended = add(
      x,
      norms.afterAttention ? this.norm(ofAttention, norms.afterAttention.name) : ofAttention,
    );
    return add(attended, this.feedForward(attended));
  }

  /**
   * The feed-forward branch. Its values are the widest of the model, and it treats each row alone: where the whole layer
   * is computed again, half of the rows go through at a time (a sequence has at least two).
   */
  private feedForward(attended: Value): Value {
    const norms = blockNorms(this.config.normPlacement);
    const build = (x: Value) => {
      const [gate, up] = this.normaliseAndProject(x, norms.beforeFeedForward.name, ['gate_proj', 'up_proj']);
      const projected = this.projectFeedForward(gate!, up!);
      return norms.afterFeedForward ? this.norm(projected, norms.afterFeedForward.name) : projected;
    };
    if (!this.withBackward || this.lora?.recompute !== 'layers') return build(attended);
    const adapters = (['gate_proj', 'up_proj', 'down_proj'] as const).flatMap((target) => {
      const { adapter } = this.layer(target);
      return adapter ? [adapter.a, adapter.b] : [];
    });
    const rowKeys = this.lora.dropout ? this.rowKeys() : undefined;
    return recomputedByRows(rowKeys ? [attended, rowKeys] : [attended], adapters, 2, ([x, keys]) => {
      this.keysOfRows = keys;
      const projected = build(x!);
      this.keysOfRows = undefined;
      return projected;
    });
  }

  addGradients(y: Value): void {
    const { graph } = this;
    const dy = graph.input('dy', 'float32', y.shape);
    const [dx, ...others] = backpropagate(graph.tapeEntries, new Map([[y.name, dy]]), [
      this.x,
      ...this.trainable,
    ]);
    graph.output('dx', dx!);
    this.trainable.forEach(({ name }, index) => {
      graph.output(`${name}.gradient`, others[index]!);
    });
  }

  /** Builds a part whose values are computed again in the backward, unless the whole layer is. */
  private recomputePart(
    inputs: Value[],
    layers: LoraLayer[],
    build: (inputs: readonly Value[]) => Value[],
  ): Value[] {
    if (!this.withBackward || this.lora?.recompute === 'layers') return build(inputs);
    const adapters = layers.flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
    return recomputed(inputs, adapters, build);
  }

  private norm(x: Value, name: string): Value {
    const gain = this.input(layerInputs.gain(name), [x.shape.at(-1)!]);
    return rmsNorm(x, gain, this.config.rmsEpsilon);
  }

  /** q or k as they are, or each head normalised: [rows, heads·headWidth]. */
  private normaliseHeads(x: Value, name: string): Value {
    const { queryKeyNorm, headWidth } = this.config;
    if (!queryKeyNorm) return x;
    const [rows, width] = x.shape as [string, number];
    return reshape(this.norm(reshape(x, [rows, width / headWidth, headWidth]), name), [rows, width]);
  }

  private normaliseAndProject(x: Value, norm: string, targets: LoraTarget[]): Value[] {
    const layers = targets.map((target) => this.layer(target));
    return this.recomputePart([x], layers, ([input]) => this.applyLora(this.norm(input!, norm), targets));
  }

  private projectAttention(attended: Value): Value {
    if (!this.lora?.dropout) return this.applyLora(attended, ['o_proj'])[0]!;
    // With dropout, A reads a second value as large as the input, which is not worth keeping.
    const layers = [this.layer('o_proj')];
    return this.recomputePart([attended], layers, ([x]) => this.applyLora(x!, ['o_proj']))[0]!;
  }

  private projectFeedForward(gate: Value, up: Value): Value {
    const activated = this.config.activation === 'silu' ? swiglu : geglu;
    return this.recomputePart([gate, up], [this.layer('down_proj')], ([g, u]) =>
      this.applyLora(activated(g!, u!), ['down_proj']),
    )[0]!;
  }

  private applyLora(x: Value, targets: readonly LoraTarget[]): Value[] {
    const layers = targets.map((target) => this.layer(target));
    const scaling = this.lora ? this.lora.alpha / this.lora.rank : 1;
    const probability = this.lora?.dropout;
    if (!probability || layers.every(({ adapter }) => !adapter)) return loraLinear(x, layers, scaling);
    const rows = this.keysOfRows ?? this.rowKeys();
    const columns = this.input(layerInputs.dropoutColumns(targets[0]!), [x.shape[1]!, dropoutKeyWidth]);
    return loraLinearWithDropout(x, layers, scaling, { probability, rows, columns });
  }

  /** Dropout keys of the rows that are being written, where these are not all. */
  private keysOfRows: Value | undefined;

  private rowKeys(): Value {
    return this.input(layerInputs.dropoutRows, ['batch*length', dropoutKeyWidth]);
  }

  /** The same layer each time, so that what is computed again reads the same weights. */
  private layer(target: LoraTarget): LoraLayer {
    const known = this.layers.get(target);
    if (known) return known;
    const { out, in: into } = decoderLayerSizes(this.config)[target];
    const layer: LoraLayer =
      this.form.products === 'int8'
        ? {
            // Only a name: the float32 matrix is not part of the graph.
            weight: { graph: this.graph, name: target, type: 'float32', shape: [out, into] },
            int8: {
              values: this.graph.input(layerInputs.values(target), 'int8', [out, into]),
              scales: this.input(layerInputs.scales(target), [out]),
            },
          }
        : { weight: this.input(layerInputs.weight(target), [out, into]) };
    if (this.config.biases.includes(target)) layer.bias = this.input(layerInputs.bias(target), [out]);
    if (this.lora?.targetModules.includes(target)) {
      const { rank } = this.lora;
      const a = this.input(layerInputs.a(target), [rank, into]);
      const b = this.input(layerInputs.b(target), [out, rank]);
      this.trainable.push(a, b);
      layer.adapter = { a, b };
    }
    this.layers.set(target, layer);
    return layer;
  }

  private input(name: string, shape: readonly Dimension[]): Value {
    const known = this.inputs.get(name);
    if (known) return known;
    const value = this.graph.input(name, 'float32', shape);
    this.inputs.set(name, value);
    return value;
  }
}

/**
 * Switches between the rows of all sequences together (for matrix products) and sequence by sequence (for rotation and
 * attention).
 */
class SequenceLayout {
  private readonly graph: Graph;
  private readonly headWidth: number;
  private readonly fullMask: Value;
  private readonly batchAndLength: Value;

  constructor(graph: Graph, tokens: Value, mask: Value, headWidth: number) {
    this.graph = graph;
    this.headWidth = headWidth;
    this.fullMask = mask;
    this.batchAndLength = graph.node('Shape', [tokens], [{ type: 'int64', shape: [2] }])[0]!;
  }

  /** [batch·length, count·headWidth] → [batch, length, count·headWidth]. */
  split(y: Value, count: number): Value {
    return reshape(y, ['batch', 'length', count * this.headWidth], { sizes: this.sizes(count) });
  }

  /** The inverse of `split`. */
  join(y: Value, count: number): Value {
    return reshape(y, ['batch*length', count * this.headWidth], { sizesBack: this.sizes(count) });
  }

  /** [batch, length, heads·headWidth]; unchanged where the layer does not rotate. */
  rotate(x: Value, kind: Rotary | undefined, heads: number): Value {
    if (!kind) return x;
    const { cosine, sine } = (this.tables ??= rotaryTables(this.length(), frequencies(kind, this.headWidth)));
    // The position of the first row.
    return rotary(x, this.graph.constant('int64', [0], [1]), cosine, sine, heads);
  }

  mask(window: number | undefined): Value {
    return window === undefined ? this.fullMask : slidingWindow(this.fullMask, window);
  }

  private tables: { cosine: Value; sine: Value } | undefined;

  private sizes(count: number): Value {
    return concatenate([this.batchAndLength, this.graph.constant('int64', [count * this.headWidth], [1])], 0);
  }

  private length(): Value {
    return this.graph.node(
      'Gather',
      [this.batchAndLength, this.graph.constant('int64', [1])],
      [{ type: 'int64', shape: [] }],
    )[0]!;
  }
}

/** Each divided by its factor. */
function frequencies({ base, factors }: Rotary, headWidth: number): number[] {
  return rotaryFrequencies(base, headWidth).map((frequency, j) => frequency / (factors?.[j] ?? 1));
}
