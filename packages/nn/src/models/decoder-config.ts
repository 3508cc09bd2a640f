import { type LoraTarget, loraModulePath, loraTargets } from './lora-adapter.ts';

/** Everything in which decoders differ, as plain data. `families/` reads it from config.json or GGUF. */
export interface DecoderConfig {
  /** The family, which decided how the settings were read. */
  family: DecoderFamilyName;
  layers: number;
  /** Size of the residual stream. */
  width: number;
  heads: number;
  keyValueHeads: number;
  headWidth: number;
  feedForwardWidth: number;
  vocabulary: number;
  /** Longest sequence, in tokens. */
  contextLength: number;
  rmsEpsilon: number;
  activation: 'silu' | 'gelu-tanh';
  /** The projections that have a bias. */
  biases: readonly LoraTarget[];
  /** Each head of q and k is normalised (RMS, one gain for all heads) before it is rotated. */
  queryKeyNorm: boolean;
  /**
   * Where the RMS norms are: before attention and feed-forward, or around them (before, and again after, inside the
   * residual branch).
   */
  normPlacement: 'before' | 'around';
  /** Factor on the embedded tokens. */
  embeddingScale: number;
  /** Factor on q · k. */
  attentionScale: number;
  /** One for each layer. */
  attention: readonly LayerAttention[];
  /** The language-model head is the table of embeddings. */
  tiedHead: boolean;
}

/** The families of decoders that can be trained. */
export type DecoderFamilyName = 'llama' | 'mistral' | 'smollm3' | 'qwen2' | 'qwen3' | 'gemma3';

/** How a layer uses positions. */
export interface LayerAttention {
  /** Absent: q and k are not rotated (no positions). */
  rotary?: Rotary;
  /** A position sees itself and the `window` − 1 positions before it. Absent: all before it. */
  window?: number;
}

/** Rotary position embedding (Su et al. 2021): pair j of a head turns by position · base^(−2j / headWidth) / factor. */
export interface Rotary {
  base: number;
  /** One divisor for each of the headWidth / 2 frequencies (scaling to longer contexts). Absent: all 1. */
  factors?: readonly number[];
}

/**
 * A decoder in memory: its settings and its frozen weights, under Hugging Face's names and with rows in Hugging Face's
 * order.
 */
export interface DecoderModel {
  config: DecoderConfig;
  /**
   * Float32, row-major [out, in], exactly those of {@link decoderTensors}. A norm's gain is the number that is
   * multiplied with (Gemma's safetensors hold the gain less 1).
   */
  weights: ReadonlyMap<string, Float32Array>;
}

/** GGUF's names of the projections of a block: `blk.N.<name>.weight`. */
export const ggufNames: Record<LoraTarget, string> = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
};

interface Norm {
  name: string;
  gguf: string;
}

/** The norms of a block, under Hugging Face's and GGUF's names. */
export function blockNorms(placement: DecoderConfig['normPlacement']): {
  beforeAttention: Norm;
  afterAttention?: Norm;
  beforeFeedForward: Norm;
  afterFeedForward?: Norm;
} {
  if (placement === 'before') {
    return {
      beforeAttention: { name: 'input_layernorm', gguf: 'attn_norm' },
      beforeFeedForward: { name: 'post_attention_layernorm', gguf: 'ffn_norm' },
    };
  }
  return {
    beforeAttention: { name: 'input_layernorm', gguf: 'attn_norm' },
    afterAttention: { name: 'post_attention_layernorm', gguf: 'post_attention_norm' },
    beforeFeedForward: { name: 'pre_feedforward_layernorm', gguf: 'ffn_norm' },
    afterFeedForward: { name: 'post_feedforward_layernorm', gguf: 'post_ffw_norm' },
  };
}

/** A tensor that a decoder has, in both formats. */
export interface DecoderTensor {
  /** Hugging Face's name. */
  name: string;
  gguf: string;
  shape: readonly number[];
  /** `gain`: of a norm. `rotated`: of q or k, whose rows are in another order in GGUF for some families. */
  kind: 'matrix' | 'gain' | 'rotated' | 'bias';
}

/** Every tensor of the model: a file must have these and no others. */
export function decoderTensors(config: DecoderConfig): DecoderTensor[] {
  const { width, headWidth, vocabulary } = config;
  const sizes = decoderLayerSizes(config);
  const gain = (name: string, gguf: string, size: number): DecoderTensor => ({
    name: `${name}.weight`,
    gguf: `${gguf}.weight`,
    shape: [size],
    kind: 'gain',
  });
  const table = (name: string, gguf: string): DecoderTensor => ({
    name,
    gguf,
    shape: [vocabulary, width],
    kind: 'matrix',
  });

  const tensors = [
    table('model.embed_tokens.weight', 'token_embd.weight'),
    gain('model.norm', 'output_norm', width),
  ];
  if (!config.tiedHead) tensors.push(table('lm_head.weight', 'output.weight'));
  for (let layer = 0; layer < config.layers; layer++) {
    const [path, block] = [`model.layers.${layer}`, `blk.${layer}`];
    for (const { name, gguf } of Object.values(blockNorms(config.normPlacement))) {
      tensors.push(gain(`${path}.${name}`, `${block}.${gguf}`, width));
    }
    if (config.queryKeyNorm) {
      tensors.push(gain(`${path}.self_attn.q_norm`, `${block}.attn_q_norm`, headWidth));
      tensors.push(gain(`${path}.self_attn.k_norm`, `${block}.attn_k_norm`, headWidth));
    }
    for (const target of loraTargets) {
      const { out, in: into } = sizes[target];
      const name = loraModulePath(layer, target);
      const gguf = `${block}.${ggufNames[target]}`;
      const rotated = target === 'q_proj' || target === 'k_proj';
      tensors.push({
        name: `${name}.weight`,
        gguf: `${gguf}.weight`,
        shape: [out, into],
        kind: rotated ? 'rotated' : 'matrix',
      });
      if (!config.biases.includes(target)) continue;
      tensors.push({
        name: `${name}.bias`,
        gguf: `${gguf}.bias`,
        shape: [out],
        kind: rotated ? 'rotated' : 'bias',
      });
    }
  }
  return tensors;
}

/** The sizes of each projection: `out` rows and `in` columns. */
export function decoderLayerSizes(
  config: Pick<DecoderConfig, 'width' | 'feedForwardWidth' | 'heads' | 'keyValueHeads' | 'headWidth'>,
): Record<LoraTarget, { out: number; in: number }> {
  const { width, feedForwardWidth } = config;
  const queries = config.heads * config.headWidth;
  const keys = config.keyValueHeads * config.headWidth;
  return {
    q_proj: { out: queries, in: width },
    k_proj: { out: keys, in: width },
    v_proj: { out: keys, in: width },
    o_proj: { out: width, in: queries },
    gate_proj: { out: feedForwardWidth, in: width },
    up_proj: { out: feedForwardWidth, in: width },
    down_proj: { out: width, in: feedForwardWidth },
  };
}
