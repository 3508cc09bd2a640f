/** Qwen 2 and 2.5: a Llama with biases on q, k and v. */
import type { DecoderFamily } from './family.ts';
import { readWindows } from './plain.ts';

export const qwen2: DecoderFamily = {
  name: 'qwen2',
  modelType: 'qwen2',
  gguf: { architecture: 'qwen2', rotaryRows: 'halves' },
  differences(settings, { attention }) {
    const biases = ['q_proj', 'k_proj', 'v_proj'] as const;
    // llama.cpp has no window for this family.
    if (settings.format === 'gguf') return { biases };
    const first = settings.number('max_window_layers', 28);
    return { biases, attention: readWindows(settings, attention, (_, index) => index >= first) };
  },
};
