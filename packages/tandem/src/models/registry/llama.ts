import { GB, type KnownModel, MB } from './known-model.ts';

/** Meta's Llama. */
export const llama: readonly KnownModel[] = [
  {
    name: 'llama-3.2-1b-instruct',
    kind: 'chat',
    title: 'Llama 3.2 1B Instruct (Q4_K_M)',
    licence: 'Llama 3.2 Community License',
    parameters: 1_235_814_400,
    memory: 1.8 * GB,
    files: [{ name: 'Llama-3.2-1B-Instruct-Q4_K_M.gguf', size: 807_694_464 }],
    hub: { repository: 'bartowski/Llama-3.2-1B-Instruct-GGUF', revision: 'main' },
    original: 'meta-llama/Llama-3.2-1B-Instruct',
    trainable: { memory: 3.5 * GB },
  },
  {
    name: 'llama-3.2-3b-instruct',
    kind: 'chat',
    title: 'Llama 3.2 3B Instruct (Q4_K_M)',
    licence: 'Llama 3.2 Community License',
    parameters: 3_212_749_888,
    memory: 4.2 * GB,
    files: [{ name: 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', size: 2020 * MB }],
    hub: { repository: 'bartowski/Llama-3.2-3B-Instruct-GGUF', revision: 'main' },
    original: 'meta-llama/Llama-3.2-3B-Instruct',
    trainable: { memory: 7.9 * GB },
  },
];
