/** Llama 2 and 3, SmolLM 2, TinyLlama and others of the same form (Touvron et al. 2023). */
import type { DecoderFamily } from './family.ts';

export const llama: DecoderFamily = {
  name: 'llama',
  modelType: 'llama',
  gguf: { architecture: 'llama', rotaryRows: 'interleaved' },
  differences: () => ({}),
};
