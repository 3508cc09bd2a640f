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
export { type EncoderCard, exportEncoderCard } from './formats/encoder-card.ts';
export * from './formats/file-hash.ts';
export { type GgufFile, type GgufTensor, openGguf } from './formats/gguf.ts';
export { exportGgufLora, importGgufLora } from './formats/gguf-lora.ts';
export type * from './formats/gguf-types.ts';
export * from './formats/gguf-writer.ts';
export { exportMergedGguf, exportMergedSafetensors, type MergedType } from './formats/merge.ts';
export { exportModelCard, type ModelCard } from './formats/model-card.ts';
export { exportPeft, importPeft } from './formats/peft.ts';
export * from './formats/safetensors.ts';
export * as graph from './graph/index.ts';
export * from './models/bert.ts';
export { CrossEncoder, type ScoreOptions } from './models/bert-cross-encoder.ts';
export {
  type DecoderConfig,
  type DecoderModel,
  decoderLayerSizes,
  loadDecoder,
  readDecoderConfig,
} from './models/decoder-weights.ts';
export * from './models/wordpiece.ts';
export { epochSteps } from './train/batches.ts';
export { readCheckpoint } from './train/checkpoint.ts';
export type { CrossEncoderJob } from './train/cross-encoder-training.ts';
export type { EmbedderPair } from './train/embedder-batches.ts';
export type { EmbedderJob, EmbedderResult } from './train/embedder-training.ts';
export type {
  EncoderHyperparameters,
  EncoderMetrics,
  EncoderProgress,
  EncoderValidation,
} from './train/encoder-training.ts';
export type { TrainingExample } from './train/examples.ts';
export {
  type DataSize,
  defaultHyperparameters,
  defaultsForData,
  type Hyperparameters,
  hyperparametersFor,
} from './train/hyperparameters.ts';
export type { LogitsJob, LossJob, LossResult } from './train/jobs.ts';
export * from './train/lora-adapter.ts';
export { type MemoryPlan, type PlannedTraining, planMemory } from './train/memory-plan.ts';
export type { PreferencePair } from './train/preferences.ts';
export type { Schedule } from './train/schedule.ts';
export * from './train/train-cross-encoder.ts';
export * from './train/train-embedder.ts';
export * from './train/train-lora.ts';
export type * from './train/training-job.ts';
