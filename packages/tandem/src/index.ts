export type { Answerer, AnswerOptions } from './answer/answerer.ts';
export type * from './catalog/catalog.ts';
export type * from './chunk/chunker.ts';
export { chunkers } from './chunk/chunkers.ts';
export { type Config, type ConfigInput, defineConfig } from './core/config.ts';
export * from './core/errors/context-overflow-error.ts';
export * from './core/errors/dimension-mismatch-error.ts';
export * from './core/errors/disk-full-error.ts';
export * from './core/errors/index-damaged-error.ts';
export * from './core/errors/index-missing-error.ts';
export * from './core/errors/interrupted-error.ts';
export * from './core/errors/invalid-input-error.ts';
export * from './core/errors/locked-error.ts';
export * from './core/errors/missing-driver-error.ts';
export * from './core/errors/model-unavailable-error.ts';
export * from './core/errors/network-blocked-error.ts';
export * from './core/errors/provider-error.ts';
export * from './core/errors/source-error.ts';
export * from './core/errors/store-error.ts';
export * from './core/errors/tandem-error.ts';
export * from './core/errors/unreadable-document-error.ts';
export * from './core/errors/worker-error.ts';
export type * from './core/progress.ts';
export type * from './core/types/adapter.ts';
export * from './core/types/answer.ts';
export type * from './core/types/document.ts';
export * from './core/types/example.ts';
export type * from './core/types/feedback.ts';
export type * from './core/types/run.ts';
export type { RetrievalEvaluation, RetrievalFailure } from './evaluate/retrieval.ts';
export type { IngestProblem, IngestReport } from './ingest/ingest.ts';
export { type LocalChatTools, type LocalEmbedderTools, localToolsOf } from './models/local-tools.ts';
export { pageRectangles } from './parse/page-rectangles.ts';
export { type ParseInput, parseDocument } from './parse/parse-document.ts';
export { type AskOptions, ask } from './project/ask.ts';
export {
  type CompareEstimate,
  type CompareProjectOptions,
  type Comparison,
  compare,
} from './project/compare.ts';
export { type BuildOptions, type Dataset, dataset } from './project/dataset.ts';
export { type Check, doctor } from './project/doctor.ts';
export {
  type ChunkerEvaluation,
  type EvalRetrievalOptions,
  evalChunkers,
  evalRetrieval,
} from './project/eval-retrieval.ts';
export { type ExportedAdapter, type ExportOptions, exportAdapter } from './project/export-adapter.ts';
export { type FeedbackOptions, feedback } from './project/feedback.ts';
export { type ForgetOptions, type ForgetReport, forget } from './project/forget/forget.ts';
export {
  type IngestProjectOptions,
  ingest,
  type ProjectIngestReport,
  type WatchProjectOptions,
  watch,
} from './project/ingest.ts';
export { init } from './project/init.ts';
export { type OpenProjectOptions, openProject, type Project } from './project/project.ts';
export { type TunedAdapter, type TuneEstimate, type TuneOptions, tune } from './project/tune.ts';
export { type TunedEmbedder, type TuneEmbedderOptions, tuneEmbedder } from './project/tune-embedder.ts';
export { type TunedReranker, type TuneRerankerOptions, tuneReranker } from './project/tune-reranker.ts';
export { use } from './project/use.ts';
export { type RewriteQuestion, rewriteWithModel, type Turn } from './retrieve/conversation.ts';
export { packPassages } from './retrieve/passages.ts';
export type { Compared, Explanation, Retrieval } from './retrieve/retrieval.ts';
export {
  createRetriever,
  type RetrieveOptions,
  type Retriever,
  type RetrieverOptions,
} from './retrieve/retriever.ts';
export {
  fromLangChainLoader,
  type LangChainLoader,
  type LangChainSourceOptions,
} from './sources/langchain/langchain.ts';
export type * from './sources/source.ts';
export type * from './store/chunk-table.ts';
export type * from './store/lexical-index.ts';
export type * from './store/vector-store.ts';
