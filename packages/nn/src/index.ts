export * from './errors/file-format-error.ts';
export * from './errors/file-write-error.ts';
export * from './errors/nn-error.ts';
export * from './errors/text-too-long-error.ts';
export * from './errors/unsupported-model-error.ts';
export * from './formats/file-hash.ts';
export * from './formats/gguf.ts';
export type * from './formats/gguf-types.ts';
export * from './formats/safetensors.ts';
