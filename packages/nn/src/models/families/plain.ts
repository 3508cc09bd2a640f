/** The settings of a plain Llama, read from either format. Every family begins with these. */

import { rotaryFrequencies } from '../../graph/index.ts';
import { type DecoderConfig, ggufNames, type LayerAttention, type Rotary } from '../decoder-config.ts';
import { loraTargets } from '../lora-adapter.ts';
import type { DecoderFamily } from './family.ts';
import type { ModelSettings } from './settings.ts';

/**
 * The settings that a plain Llama would have.
 * @param options GGUF keeps these two as tensors: the size of the vocabulary, and the divisors of the rotary
 *   frequencies.
 */
export function readPlainDecoder(
  family: DecoderFamily,
  settings: ModelSettings,
  options: { vocabulary?: number; rotaryFactors?: readonly number[] } = {},
): DecoderConfig {
  const gguf = settings.format === 'gguf';
  const number = (json: string, ggufKey: string, fallback?: number) =>
    settings.number(gguf ? ggufKey : json, (gguf ? undefined : family.defaults?.[json]) ?? fallback);
  const layers = number('num_hidden_layers', 'block_count');
  const width = number('hidden_size', 'embedding_length');
  const heads = number('num_attention_heads', 'attention.head_count');
  const headWidth = number('head_dim', 'attention.key_length', width / heads);
  if (gguf) refuseFromGguf(settings, headWidth);
  else refuseFromConfigJson(settings);
  if (headWidth % 2 !== 0) settings.refuse('head width', `its heads are ${headWidth} wide, an odd number`);

  const rotary = gguf
    ? readRotaryFromGguf(settings, headWidth, options.rotaryFactors)
    : readRotaryFromConfigJson(settings, headWidth);
  const attentionBias = settings.flag('attention_bias', false);
  const feedForwardBias = settings.flag('mlp_bias', false);
  return {
    family: family.name,
    layers,
    width,
    heads,
    keyValueHeads: number('num_key_value_heads', 'attention.head_count_kv', heads),
    headWidth,
    feedForwardWidth: number('intermediate_size', 'feed_forward_length'),
    vocabulary: options.vocabulary ?? settings.number('vocab_size'),
    contextLength: number('max_position_embeddings', 'context_length'),
    rmsEpsilon: number('rms_norm_eps', 'attention.layer_norm_rms_epsilon', gguf ? undefined : 1e-6),
    activation: 'silu',
    biases: loraTargets.filter((target, index) =>
      gguf
        ? settings.hasTensor(`blk.0.${ggufNames[target]}.bias`)
        : index < 4
          ? attentionBias
          : feedForwardBias,
    ),
    queryKeyNorm: false,
    normPlacement: 'before',
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(headWidth),
    attention: Array.from({ length: layers }, () => ({ rotary })),
    tiedHead: gguf ? !settings.hasTensor('output.weight') : settings.flag('tie_word_embeddings', false),
  };
}

/**
 * The layers with their attention windows, by config.json: `use_sliding_window`, then `layer_types` or, without them,
 * the rule of the family.
 */
export function readWindows(
  settings: ModelSettings,
  attention: readonly LayerAttention[],
  slides: (layer: LayerAttention, index: number) => boolean,
): LayerAttention[] {
  if (!settings.flag('use_sliding_window', false) || settings.value('sliding_window') === null) {
    return [...attention];
  }
  const window = settings.number('sliding_window', 4096);
  const types = settings.layerTypes();
  return attention.map((layer, index) =>
    (types ? types[index] === 'sliding_attention' : slides(layer, index)) ? { ...layer, window } : layer,
  );
}

/**
 * One set of rotary parameters in config.json, as Transformers 5 writes them in `rope_parameters` and earlier versions in
 * `rope_scaling` (src/transformers/modeling_rope_utils.py).
 */
export function readRotary(
  settings: ModelSettings,
  parameters: unknown,
  headWidth: number,
  defaultBase: number,
): Rotary {
  const given = (parameters ?? {}) as Record<string, unknown>;
  const positive = (key: string, fallback: number) =>
    typeof given[key] === 'number' && given[key] > 0 ? given[key] : fallback;
  const base = positive('rope_theta', defaultBase);
  if (positive('partial_rotary_factor', 1) !== 1) {
    settings.refuse('partial rotary embedding', 'it rotates only a part of each head');
  }
  const type = given.rope_type ?? given.type ?? 'default';
  const frequencies = rotaryFrequencies(base, headWidth);
  if (type === 'default') return { base };
  if (type === 'linear') return { base, factors: frequencies.map(() => positive('factor', 1)) };
  if (type === 'llama3') {
    // Slow rotations are slowed by the factor, fast ones are kept, and those between are blended.
    const [factor, low, high] = [
      positive('factor', 8),
      positive('low_freq_factor', 1),
      positive('high_freq_factor', 4),
    ];
    const original = positive('original_max_position_embeddings', 8192);
    const factors = frequencies.map((frequency) => {
      const turns = (original * frequency) / (2 * Math.PI);
      if (turns > high) return 1;
      if (turns < low) return factor;
      const share = (turns - low) / (high - low);
      return 1 / ((1 - share) / factor + share);
    });
    return { base, factors };
  }
  return settings.refuse(`rope scaling ${type}`, `it scales its rotary embedding in the way "${type}"`);
}

function readRotaryFromConfigJson(settings: ModelSettings, headWidth: number): Rotary {
  const base = settings.number('rope_theta', 10_000);
  return readRotary(
    settings,
    settings.value('rope_parameters') ?? settings.value('rope_scaling'),
    headWidth,
    base,
  );
}

/** As llama.cpp reads it (src/llama-model.cpp, `load_hparams`): a factor without a type means linear scaling. */
function readRotaryFromGguf(settings: ModelSettings, headWidth: number, factors?: readonly number[]): Rotary {
  const base = settings.number('rope.freq_base', 10_000);
  const type = settings.value('rope.scaling.type') ?? 'linear';
  if (type !== 'none' && type !== 'linear') {
    settings.refuse(`rope scaling ${type}`, `it scales its rotary embedding in the way "${type}"`);
  }
  const linear =
    type === 'none' ? 1 : settings.number('rope.scaling.factor', settings.number('rope.scale_linear', 1));
  if (!factors && linear === 1) return { base };
  return { base, factors: (factors ?? new Array<number>(headWidth / 2).fill(1)).map((f) => f * linear) };
}

function refuseFromGguf(settings: ModelSettings, headWidth: number): void {
  settings.refuseIfSet('expert_count', 'it is a mixture of experts');
  settings.refuseIfSet('attention.scale', 'it scales its attention scores by a setting of its own');
  if (settings.value('attention.causal') === false) {
    settings.refuse('attention that looks ahead', 'its attention is not causal');
  }
  if (settings.number('attention.value_length', headWidth) !== headWidth) {
    settings.refuse('value width', 'its values are not as wide as its keys');
  }
  if (settings.number('rope.dimension_count', headWidth) !== headWidth) {
    settings.refuse('partial rotary embedding', 'it rotates only a part of each head');
  }
}

function refuseFromConfigJson(settings: ModelSettings): void {
  const quantisation = settings.value('quantization_config') as Record<string, unknown> | null | undefined;
  if (quantisation) {
    const method = String(quantisation.quant_method ?? 'unknown');
    settings.refuse(`quantisation ${method}`, `its weights are quantised (${method})`);
  }
  for (const key of ['num_local_experts', 'num_experts', 'n_routed_experts']) {
    settings.refuseIfSet(key, 'it is a mixture of experts');
  }
  settings.refuseIfSet('partial_rotary_factor', 'it rotates only a part of each head');
}
