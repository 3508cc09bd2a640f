/**
 * Gemma 3, text only (Gemma Team 2025): embeddings scaled by √width, norms around attention and feed-forward, GELU, and
 * normalised q and k. Of every six layers, five have a window and a rotary base of their own, and one sees everything.
 */
import type { LayerAttention } from '../decoder-config.ts';
import type { DecoderFamily } from './family.ts';
import { readRotary } from './plain.ts';

export const gemma3: DecoderFamily = {
  name: 'gemma3',
  modelType: 'gemma3_text',
  gguf: { architecture: 'gemma3', rotaryRows: 'halves' },
  defaults: {
    head_dim: 256,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    max_position_embeddings: 131_072,
    vocab_size: 262_208,
  },
  gainsLessOne: true,
  differences(settings, plain) {
    const { layers, width, heads, headWidth } = plain;
    const shared = {
      activation: 'gelu-tanh',
      queryKeyNorm: true,
      normPlacement: 'around',
      embeddingScale: Math.sqrt(width),
    } as const;
    const alternating = (isLocal: (layer: number) => boolean, local: LayerAttention) =>
      plain.attention.map((global, layer) => (isLocal(layer) ? local : global));

    if (settings.format === 'gguf') {
      settings.refuseIfSet('final_logit_softcapping', 'it caps its logits');
      // GGUF has no key for the query scale; llama.cpp recognises the 27B by its number of layers
      // (src/models/gemma3.cpp).
      const attentionScale = 1 / Math.sqrt(layers === 62 ? Math.floor(width / heads) : headWidth);
      const window = Number(settings.value('attention.sliding_window') ?? 0);
      if (window === 0) return { ...shared, attentionScale };
      const pattern = settings.value('attention.sliding_window_pattern') ?? 6;
      const local = { rotary: { base: settings.number('rope.freq_base_swa', 10_000) }, window };
      return {
        ...shared,
        attentionScale,
        attention: alternating(
          (layer) => (Array.isArray(pattern) ? Boolean(pattern[layer]) : (layer + 1) % Number(pattern) !== 0),
          local,
        ),
      };
    }

    settings.refuseIfSet('final_logit_softcapping', 'it caps its logits');
    settings.refuseIfSet('attn_logit_softcapping', 'it caps its attention scores');
    settings.refuseIfSet('use_bidirectional_attention', 'its attention looks ahead');
    const rotaries = (settings.value('rope_parameters') ?? {}) as Record<string, unknown>;
    const [globally, locally] = [rotaries.full_attention, rotaries.sliding_attention];
    // Before Transformers 5 the two bases were separate settings, and the scaling applied to the layers that see
    // everything.
    const global = globally
      ? readRotary(settings, globally, headWidth, 1e6)
      : readRotary(settings, settings.value('rope_scaling'), headWidth, settings.number('rope_theta', 1e6));
    const local = locally
      ? readRotary(settings, locally, headWidth, 1e4)
      : { base: settings.number('rope_local_base_freq', 1e4) };
    const types = settings.layerTypes();
    const pattern = settings.number('sliding_window_pattern', settings.number('_sliding_window_pattern', 6));
    const window = settings.number('sliding_window', 4096);
    const attention = plain.attention.map((_, layer) => {
      const isLocal = types ? types[layer] === 'sliding_attention' : (layer + 1) % pattern !== 0;
      return isLocal ? { rotary: local, window } : { rotary: global };
    });
    return {
      ...shared,
      attention,
      attentionScale: 1 / Math.sqrt(settings.number('query_pre_attn_scalar', 256)),
      tiedHead: settings.flag('tie_word_embeddings', true),
    };
  },
};
