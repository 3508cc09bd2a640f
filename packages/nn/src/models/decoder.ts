import {
  add,
  causalAttention,
  concatenate,
  Graph,
  gatherRows,
  gradients,
  type LoraLayer,
  linear,
  linearCrossEntropy,
  loraLinear,
  recomputed,
  reshape,
  rmsNorm,
  rotary,
  swiglu,
  type TensorData,
  type Value,
} from '../graph/index.ts';
import { type LoraAdapter, type LoraTarget, loraModulePath } from '../train/lora-adapter.ts';
import { type DecoderConfig, type DecoderModel, decoderLayerSizes } from './decoder-weights.ts';

/** Which matrices of every layer carry an adapter, and how large it is. */
export interface LoraShape {
  rank: number;
  alpha: number;
  targetModules: readonly LoraTarget[];
}

/**
 * The graph of one training pass over a batch of sequences padded on the right: forward, loss and the gradient of
 * every adapter matrix. Inputs as made by {@link decoderInputs}, each adapter matrix as `<module path>.a` and `.b`, and
 * `seed`, the factor on the loss in the gradients (1 / labelled tokens of the whole step gives the mean's gradient).
 * Outputs: `loss`, the cross-entropy *summed* over the labelled tokens, and `<module path>.a.gradient` and `.b.gradient`.
 */
export function decoderTrainingGraph(model: DecoderModel, lora: LoraShape): Graph {
  const decoder = new Decoder('llama training', model, lora);
  const loss = decoder.loss();
  decoder.graph.output('loss', loss);
  const seed = decoder.graph.input('seed', 'float32', []);
  gradients(loss, [...decoder.trainable.values()], seed).forEach((gradient, index) => {
    decoder.graph.output(`${[...decoder.trainable.keys()][index]}.gradient`, gradient);
  });
  return decoder.graph;
}

/** Forward only: output `loss`, the cross-entropy summed over the labelled tokens. */
export function decoderLossGraph(model: DecoderModel, lora?: LoraShape): Graph {
  const decoder = new Decoder('llama loss', model, lora);
  decoder.graph.output('loss', decoder.loss());
  return decoder.graph;
}

/** Forward only: output `logits`, [rows, vocabulary], at the positions that the input `rows` names. */
export function decoderLogitsGraph(model: DecoderModel, lora?: LoraShape): Graph {
  const decoder = new Decoder('llama logits', model, lora);
  decoder.graph.output('logits', linear(decoder.hiddenAtRows(), decoder.head()));
  return decoder.graph;
}

/** Sequences of token ids with, for each, the positions whose token is a label (predicted from the one before). */
export interface LabelledTokens {
  tokens: ArrayLike<number>;
  /** Positions ≥ 1, ascending. */
  labels: ArrayLike<number>;
}

/** Pads a batch on the right and names its labelled rows. Causal attention never looks at the padding. */
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

/** The inputs `<module path>.a` and `.b` of an adapter. */
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

/** Writes the decoder into a graph. Rows of all sequences are flattened: only attention knows of batch and length. */
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

  /** Cross-entropy summed over the labelled rows. The head is applied to those only: the others are most of a prompt. */
  loss(): Value {
    const hidden = this.hiddenAtRows();
    return linearCrossEntropy(hidden, this.head(), this.graph.input('labels', 'int32', ['rows']));
  }

  head(): Value {
    const { vocabulary, width } = this.model.config;
    return this.model.weights.has('lm_head.weight')
      ? this.weight('lm_head.weight', [vocabulary, width])
      : this.embedding();
  }

  /** The final, normalised hidden states of the rows asked for: [rows, width]. */
  hiddenAtRows(): Value {
    const { graph } = this;
    const { config } = this.model;
    const { width, headWidth } = config;
    const tokens = graph.input('tokens', 'int32', ['batch', 'length']);
    const mask = graph.input('mask', 'float32', ['length', 'length']);
    const rows = graph.input('rows', 'int32', ['rows']);

    const positions = graph.constant('int64', [0], [1]); // rotary counts on from here
    const { cosine, sine } = rotaryTables(this.model);
    const table = [config.contextLength, headWidth / 2];
    const cosines = graph.weight('rotary.cosine', cosine, table);
    const sines = graph.weight('rotary.sine', sine, table);

    // Rows of all sequences under each other for the matrix products; apart again for rotation and attention.
    const [batchAndLength] = graph.node('Shape', [tokens], [{ type: 'int64', shape: [2] }]);
    const sizes = (heads: number) =>
      concatenate([batchAndLength!, graph.constant('int64', [heads * headWidth], [1])], 0);
    const apart = (y: Value, heads: number) =>
      reshape(y, ['batch', 'length', heads * headWidth], { sizes: sizes(heads) });
    const rotated = (y: Value, heads: number) => rotary(apart(y, heads), positions, cosines, sines, heads);
    let x = reshape(gatherRows(this.embedding(), tokens), ['batch*length', width]);
    for (let layer = 0; layer < config.layers; layer++) {
      const path = `model.layers.${layer}`;
      const [q, k, v] = this.normalisedProjections(x, `${path}.input_layernorm.weight`, layer, [
        'q_proj',
        'k_proj',
        'v_proj',
      ]);
      const mixed = causalAttention(
        rotated(q!, config.heads),
        rotated(k!, config.keyValueHeads),
        apart(v!, config.keyValueHeads),
        mask,
        config,
      );
      const attended = reshape(mixed, ['batch*length', config.heads * headWidth], {
        sizesBack: sizes(config.heads),
      });
      x = add(x, loraLinear(attended, [this.layer(layer, 'o_proj')], this.scaling)[0]!);

      const [gate, up] = this.normalisedProjections(x, `${path}.post_attention_layernorm.weight`, layer, [
        'gate_proj',
        'up_proj',
      ]);
      x = add(x, this.feedForwardEnd(gate!, up!, layer));
    }
    const chosen = gatherRows(x, rows);
    return rmsNorm(chosen, this.weight('model.norm.weight', [width]), config.rmsEpsilon);
  }

  private normalisedProjections(x: Value, norm: string, layer: number, targets: LoraTarget[]): Value[] {
    const { width, rmsEpsilon } = this.model.config;
    const gain = this.weight(norm, [width]);
    const layers = targets.map((target) => this.layer(layer, target));
    return recomputed([x], adapterValues(layers), ([input]) =>
      loraLinear(rmsNorm(input!, gain, rmsEpsilon), layers, this.scaling),
    );
  }

  private feedForwardEnd(gate: Value, up: Value, layer: number): Value {
    const layers = [this.layer(layer, 'down_proj')];
    return recomputed([gate, up], adapterValues(layers), ([g, u]) =>
      loraLinear(swiglu(g!, u!), layers, this.scaling),
    )[0]!;
  }

  private readonly layers = new Map<string, LoraLayer>();

  private layer(index: number, target: LoraTarget): LoraLayer {
    const path = loraModulePath(index, target);
    const known = this.layers.get(path);
    if (known) return known;
    const { out, in: into } = decoderLayerSizes(this.model.config)[target];
    const layer: LoraLayer = { weight: this.weight(`${path}.weight`, [out, into]) };
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

  private get scaling(): number {
    return this.lora ? this.lora.alpha / this.lora.rank : 1;
  }

  private embedding(): Value {
    const { vocabulary, width } = this.model.config;
    return (this.table ??= this.weight('model.embed_tokens.weight', [vocabulary, width]));
  }

  private table: Value | undefined;

  private weight(name: string, shape: readonly number[]): Value {
    return this.graph.weight(name, this.model.weights.get(name)!, shape);
  }
}

function adapterValues(layers: readonly LoraLayer[]): Value[] {
  return layers.flatMap(({ adapter }) => (adapter ? [adapter.a, adapter.b] : []));
}

/** cos and sin of position · base^(−2j/headWidth) / factor: [contextLength, headWidth/2] each. */
function rotaryTables({ config, rotaryFactors }: DecoderModel): { cosine: Float32Array; sine: Float32Array } {
  const half = config.headWidth / 2;
  const cosine = new Float32Array(config.contextLength * half);
  const sine = new Float32Array(config.contextLength * half);
  for (let j = 0; j < half; j++) {
    const frequency = config.rotaryBase ** (-j / half) / (rotaryFactors?.[j] ?? 1);
    for (let position = 0; position < config.contextLength; position++) {
      cosine[position * half + j] = Math.cos(position * frequency);
      sine[position * half + j] = Math.sin(position * frequency);
    }
  }
  return { cosine, sine };
}
