/**
 * Mistral 7B (Jiang et al. 2023): a Llama with a sliding window on every layer (none from version 0.2 on). Its GGUF
 * files say that they are Llamas, and llama.cpp serves them without the window.
 */
import type { DecoderFamily } from './family.ts';

export const mistral: DecoderFamily = {
  name: 'mistral',
  modelType: 'mistral',
  gguf: { architecture: 'llama', rotaryRows: 'interleaved' },
  differences(settings, { attention }) {
    const value = settings.value('sliding_window');
    if (value === null) return {};
    const window = settings.number('sliding_window', 4096);
    return { attention: attention.map((layer) => ({ ...layer, window })) };
  },
};
