import { GB, type KnownModel, MB } from './known-model.ts';

/** Google's Gemma. */
export const gemma: readonly KnownModel[] = [
  {
    name: 'gemma-3-270m-it',
    kind: 'chat',
    title: 'Gemma 3 270M (Q8_0)',
    licence: 'Gemma Terms of Use',
    parameters: 268_098_176,
    memory: 0.7 * GB,
    files: [{ name: 'gemma-3-270m-it-Q8_0.gguf', size: 291_545_600 }],
    hub: { repository: 'ggml-org/gemma-3-270m-it-GGUF', revision: 'main' },
    original: 'google/gemma-3-270m-it',
    trainable: { memory: 1.4 * GB },
  },
  {
    name: 'gemma-3-1b-it',
    kind: 'chat',
    title: 'Gemma 3 1B (Q4_K_M)',
    licence: 'Gemma Terms of Use',
    parameters: 999_885_952,
    memory: 1.8 * GB,
    files: [{ name: 'gemma-3-1b-it-Q4_K_M.gguf', size: 806 * MB }],
    hub: { repository: 'ggml-org/gemma-3-1b-it-GGUF', revision: 'main' },
    original: 'google/gemma-3-1b-it',
    trainable: { memory: 3 * GB },
  },
];
