/** SmolLM 3: a Llama in which every fourth layer does not rotate q and k (NoPE, Kazemnejad et al. 2023). */
import type { DecoderFamily } from './family.ts';
import { readWindows } from './plain.ts';

export const smollm3: DecoderFamily = {
  name: 'smollm3',
  modelType: 'smollm3',
  gguf: { architecture: 'smollm3', rotaryRows: 'interleaved' },
  differences(settings, { attention }) {
    if (settings.format === 'gguf') {
      // In llama.cpp the interval is fixed (src/models/smollm3.cpp).
      return { attention: attention.map((layer, index) => ((index + 1) % 4 === 0 ? {} : layer)) };
    }
    const interval = settings.number('no_rope_layer_interval', 4);
    const rotates = settings.value('no_rope_layers'); // 1 where a layer *has* rotary embedding
    const partly = attention.map((layer, index) =>
      (Array.isArray(rotates) ? rotates[index] : (index + 1) % interval !== 0) ? layer : {},
    );
    return {
      attention: readWindows(settings, partly, (layer) => layer.rotary === undefined),
      tiedHead: settings.flag('tie_word_embeddings', true),
    };
  },
};
