/** Qwen 3 (dense): a Llama that normalises each head of q and k. The width of a head is a setting of its own. */
import type { DecoderFamily } from './family.ts';
import { readWindows } from './plain.ts';

export const qwen3: DecoderFamily = {
  name: 'qwen3',
  modelType: 'qwen3',
  gguf: { architecture: 'qwen3', rotaryRows: 'halves' },
  defaults: { head_dim: 128 },
  differences(settings, { attention }) {
    if (settings.format === 'gguf') return { queryKeyNorm: true };
    const first = settings.number('max_window_layers', 28);
    return {
      queryKeyNorm: true,
      attention: readWindows(settings, attention, (_, index) => index >= first),
    };
  },
};
