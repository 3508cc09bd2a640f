export type { Answerer, AnswerOptions } from './answer/answerer.ts';
export { chunkers } from './chunk/chunkers.ts';
export { type Config, type ConfigInput, defineConfig } from './core/config.ts';
export * from './core/errors/context-overflow-error.ts';
export * from './core/errors/invalid-input-error.ts';
export * from './core/errors/tandem-error.ts';
export type * from './core/progress.ts';
export type * from './core/types/adapter.ts';
export * from './core/types/answer.ts';
export type * from './core/types/document.ts';
export * from './core/types/example.ts';
export type * from './core/types/feedback.ts';
export type * from './core/types/run.ts';
export { localToolsOf } from './models/local-tools.ts';
export { pageRectangles } from './parse/page-rectangles.ts';
export { parseDocument } from './parse/parse-document.ts';
export { ask } from './project/ask.ts';
export { type CompareProjectOptions, compare } from './project/compare.ts';
export { dataset } from './project/dataset.ts';
export { doctor } from './project/doctor.ts';
export { type ExportedAdapter, type ExportOptions, exportAdapter } from './project/export-adapter.ts';
export { type FeedbackOptions, feedback } from './project/feedback.ts';
export { type ForgetOptions, type ForgetReport, forget } from './project/forget/forget.ts';
export { ingest, type ProjectIngestReport, watch } from './project/ingest.ts';
export { init } from './project/init.ts';
export { type OpenProjectOptions, openProject, type Project } from './project/project.ts';
export { type TuneOptions, tune } from './project/tune.ts';
export { type TunedEmbedder, type TuneEmbedderOptions, tuneEmbedder } from './project/tune-embedder.ts';
export { type TunedReranker, type TuneRerankerOptions, tuneReranker } from './project/tune-reranker.ts';
export { use } from './project/use.ts';
export { type RewriteQuestion, rewriteWithModel, type Turn } from './retrieve/conversation.ts';
export {
  createRetriever,
  type Retrieval,
  type RetrieveOptions,
  type Retriever,
  type RetrieverOptions,
} from './retrieve/retriever.ts';
export { fromLangChainLoader, type LangChainSourceOptions } from './sources/langchain/langchain.ts';
export type * from './sources/source.ts';
