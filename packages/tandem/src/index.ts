// What a program builds on: a Tandem, the verbs that work on it, the parts it is made of, and the types of all of these.

export {
  type Answerer,
  type AnswererOptions,
  type AnswerOptions,
  createAnswerer,
} from './answer/answerer.ts';
export { type AskOptions, ask, streamAnswer } from './answer/ask.ts';
export type { AnswerEvent, AnswerStream } from './answer/events.ts';
export {
  type AnswerRequest,
  type AnswerState,
  type AnswerStep,
  refuse,
  type StepContext,
  type StepInsertion,
} from './answer/step.ts';
// Parts. Stores: `tandem/store/NAME`; models on this machine: `tandem/models/local`.
export type {
  Catalog,
  DatasetRecord,
  Deployment,
  DeploymentEvent,
  DocumentProblem,
  DocumentSummary,
  IndexedDocument,
  IndexState,
  Look,
  RunEvent,
} from './catalog/catalog.ts';
export { openCatalog, openMemoryCatalog } from './catalog/sqlite-catalog.ts';
export type * from './chunk/chunker.ts';
export { chunkers } from './chunk/chunkers.ts';
// What is thrown.
export * from './core/errors/context-overflow-error.ts';
export * from './core/errors/dimension-mismatch-error.ts';
export * from './core/errors/disk-full-error.ts';
export * from './core/errors/disposed-error.ts';
export * from './core/errors/index-damaged-error.ts';
export * from './core/errors/index-missing-error.ts';
export * from './core/errors/interrupted-error.ts';
export * from './core/errors/invalid-input-error.ts';
export * from './core/errors/locked-error.ts';
export * from './core/errors/missing-driver-error.ts';
export * from './core/errors/model-unavailable-error.ts';
export * from './core/errors/network-blocked-error.ts';
export * from './core/errors/parity-error.ts';
export * from './core/errors/provider-error.ts';
export * from './core/errors/source-error.ts';
export * from './core/errors/step-error.ts';
export * from './core/errors/store-error.ts';
export * from './core/errors/tandem-error.ts';
export * from './core/errors/unreadable-document-error.ts';
export * from './core/errors/worker-error.ts';
// What is given and what comes back.
export type * from './core/progress.ts';
export { type Settings, type SettingsInput, settingsSchema } from './core/settings.ts';
export type * from './core/types/adapter.ts';
export * from './core/types/answer.ts';
export type * from './core/types/dataset-file.ts';
export type * from './core/types/document.ts';
export * from './core/types/example.ts';
export type * from './core/types/feedback.ts';
export type * from './core/types/glossary.ts';
export * from './core/types/outcome.ts';
export type * from './core/types/run.ts';
export { type BuildDatasetOptions, buildDataset, type Dataset } from './dataset/build-dataset.ts';
export { type RateAnswerOptions, rateAnswer } from './dataset/feedback.ts';
export type { Disagreement, Finding, Severity } from './dataset/lint/check.ts';
export type { Fixed } from './dataset/lint/fix.ts';
export {
  type LintOptions,
  type LintReport,
  lintDataset,
} from './dataset/lint/lint-dataset.ts';
export type { GivenGlossary, GivenLines } from './dataset/material.ts';
export type { FieldHeadFigures } from './decide/head.ts';
export type { Judge, Judgement, JudgementRequest } from './decide/judge.ts';
export { languageModelJudge } from './decide/language-model-judge.ts';
export type { GivenAnswer, GivenArm } from './evaluate/added-arms.ts';
export { type Advice, type Approach, advise, type NextStep } from './evaluate/advise/advise.ts';
export type { Situation } from './evaluate/advise/situation.ts';
export type { ArmCalibration, ProbabilityCalibration } from './evaluate/arm-calibration.ts';
export {
  type CalibrateSufficiencyOptions,
  calibrateSufficiency,
  resetSufficiency,
  type SufficiencyReport,
} from './evaluate/calibrate-sufficiency.ts';
export {
  type CompareEstimate,
  type CompareOptions,
  type Comparison,
  compare,
} from './evaluate/compare.ts';
export { type ComparisonJson, comparisonJson, type JsonEstimate } from './evaluate/comparison-json.ts';
export { deployArm } from './evaluate/deploy.ts';
export { evalModes, type ModeComparison, type ModesEvaluation } from './evaluate/eval-modes.ts';
export {
  type ChunkerEvaluation,
  type EvalRetrievalOptions,
  evalChunkers,
  evalRetrieval,
} from './evaluate/eval-retrieval.ts';
export { type EvalLearntOptions, evalLearnt } from './evaluate/learnt/eval-learnt.ts';
export type {
  LearntEvaluation,
  LearntKind,
  LearntPart,
  PairedEvaluation,
} from './evaluate/learnt/learnt-evaluation.ts';
export type { NotMeasured, OutcomeConfusion } from './evaluate/outcome-confusion.ts';
export { type Acceptance, acceptComparison, lastAccepted } from './evaluate/over-time/accept-comparison.ts';
export {
  type ArmChange,
  type ComparisonDiff,
  diffComparisons,
} from './evaluate/over-time/diff-comparisons.ts';
export { type DriftOptions, findDrift } from './evaluate/over-time/find-drift.ts';
export { decideGate, type Gate, type GateOutcome, openGate } from './evaluate/over-time/gate.ts';
export { junitXml } from './evaluate/over-time/junit.ts';
export { type ListedComparison, listComparisons } from './evaluate/over-time/list-comparisons.ts';
export type { QuestionDrift } from './evaluate/over-time/question-drift.ts';
export { type KeptComparison, readComparison } from './evaluate/over-time/read-comparison.ts';
export type { RankedCase, RetrievalEvaluation, RetrievalFailure } from './evaluate/retrieval.ts';
export type { RetrievalDifference } from './evaluate/retrieval-difference.ts';
export {
  type ArmShift,
  type ForgettingStudy,
  type ForgottenFamily,
  type FreshnessStudy,
  type RobustnessChange,
  type RobustnessStudy,
  type Shift,
  type Studies,
  type StudyName,
  studyNames,
} from './evaluate/studies/study.ts';
export { summarise } from './evaluate/summary.ts';
export { type ForgetOptions, type ForgetReport, forget } from './forget/forget.ts';
export type { IngestProblem, IngestReport } from './ingest/ingest.ts';
export type {
  EmbeddingModelInstance,
  LanguageModelInstance,
  RerankingModelInstance,
} from './models/model-kinds.ts';
export type { ModelChoice, Models } from './models/providers.ts';
export { pageRectangles } from './parse/page-rectangles.ts';
export { type ParseInput, parseDocument } from './parse/parse-document.ts';
export type { Glossary, Lines, Material } from './parts/material.ts';
export type { OpenedSources, Parts } from './parts/parts.ts';
export { type RewriteQuestion, rewriteWithModel, type Turn } from './retrieve/conversation.ts';
export { packPassages } from './retrieve/passages.ts';
export type { Compared, Explanation, Retrieval } from './retrieve/retrieval.ts';
export {
  createRetriever,
  type RetrieveOptions,
  type Retriever,
  type RetrieverOptions,
  type SearchMode,
} from './retrieve/retriever.ts';
export {
  createTandem,
  type Opened,
  type Tandem,
  type TandemOptions,
} from './runtime/create-tandem.ts';
// Verbs.
export { type IngestOptions, type IngestResult, ingest } from './runtime/ingest.ts';
export type { TandemCallOptions, TandemModel } from './runtime/language-model.ts';
export {
  type ListTracesOptions,
  listTraces,
  type SearchOptions,
  search,
  trace,
} from './runtime/search.ts';
export { type FoundPassage, type SearchToolOptions, searchTool } from './runtime/search-tool.ts';
export { type ExportTracesOptions, exportTraces } from './runtime/telemetry/export-traces.ts';
export { type WatchOptions, watchSources } from './runtime/watch.ts';
export { fromDocuments, type GivenDocument } from './sources/documents.ts';
export {
  fromLangChainLoader,
  type LangChainLoader,
  type LangChainSourceOptions,
} from './sources/langchain/langchain.ts';
export type * from './sources/source.ts';
export type { Store } from './store/store.ts';
export { type TunedEmbedder, type TuneEmbedderOptions, tuneEmbedder } from './tune/encoders/tune-embedder.ts';
export { type TunedReranker, type TuneRerankerOptions, tuneReranker } from './tune/encoders/tune-reranker.ts';
export { type ExportedAdapter, type ExportOptions, exportAdapter } from './tune/export-adapter.ts';
export { type TunedHead, type TuneHeadOptions, tuneHead } from './tune/head/tune-head.ts';
export type { ChosenWeight } from './tune/ranking/choose-reranked.ts';
export { type TuneRankingOptions, tuneRanking } from './tune/ranking/tune-ranking.ts';
export type { TunedRanking } from './tune/ranking/tuned-ranking.ts';
export { tune } from './tune/tune.ts';
export type { TunedAdapter, TuneEstimate, TuneOptions } from './tune/tune-options.ts';
export { judgeVerifier } from './verify/judge-verifier.ts';
export { overlapVerifier } from './verify/overlap-verifier.ts';
export type { ClaimToCheck, ClaimVerdict, Verifier } from './verify/verifier.ts';
