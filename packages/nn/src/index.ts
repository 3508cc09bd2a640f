export { exportGgufLora, importGgufLora } from './adapters/gguf-lora.ts';
export { exportMergedGguf, exportMergedSafetensors, type MergedType } from './adapters/merge.ts';
export { exportModelCard, type ModelCard } from './adapters/model-card.ts';
export { exportPeft, importPeft } from './adapters/peft.ts';
export * from './errors/checkpoint-mismatch-error.ts';
export * from './errors/file-format-error.ts';
export * from './errors/file-write-error.ts';
export * from './errors/graph-error.ts';
export * from './errors/invalid-example-error.ts';
export * from './errors/invalid-hyperparameter-error.ts';
export * from './errors/nn-error.ts';
export * from './errors/text-too-long-error.ts';
export * from './errors/training-diverged-error.ts';
export * from './errors/unsupported-model-error.ts';
export * from './formats/file-hash.ts';
export { type GgufFile, type GgufTensor, openGguf } from './formats/gguf.ts';
export type * from './formats/gguf-types.ts';
export * from './formats/gguf-writer.ts';
export * from './formats/safetensors.ts';
/** The typed graph builder: operators, gradients, and sessions that run a graph. docs/nn.md has an example. */
export * as graph from './graph/index.ts';
export * from './models/bert.ts';
export { CrossEncoder, type CrossEncoderOptions, type ScoreOptions } from './models/bert-cross-encoder.ts';
export { type DecoderConfig, type DecoderModel, decoderLayerSizes } from './models/decoder-config.ts';
export { loadDecoder, readDecoderConfig } from './models/decoder-weights.ts';
export { type EncoderCard, exportEncoderCard } from './models/encoder-card.ts';
export * from './models/lora-adapter.ts';
export * from './models/wordpiece.ts';
export { epochSteps } from './train/batches.ts';
export { readCheckpoint } from './train/checkpoint.ts';
export type { EmbedderPair } from './train/embedder-batches.ts';
export type { EncoderHyperparameters } from './train/encoder-hyperparameters.ts';
export type {
  CrossEncoderJob,
  EmbedderJob,
  EmbedderResult,
  EncoderMetrics,
  EncoderProgress,
  EncoderValidation,
} from './train/encoder-job.ts';
export type { TrainingExample } from './train/examples.ts';
export {
  type DataSize,
  defaultHyperparameters,
  defaultsForData,
  type Hyperparameters,
  hyperparametersFor,
} from './train/hyperparameters.ts';
export type { LogitsJob, LossJob, LossResult } from './train/job.ts';
export {
  type MemoryParts,
  type MemoryPlan,
  type PlannedTraining,
  planMemory,
  readStoredSize,
  type StoredSize,
} from './train/memory-plan.ts';
export type { PreferencePair } from './train/preferences.ts';
export type { Schedule } from './train/schedule.ts';
export * from './train/train-cross-encoder.ts';
export * from './train/train-embedder.ts';
export * from './train/train-lora.ts';
export type * from './train/training-job.ts';
