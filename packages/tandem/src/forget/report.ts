import type { ProgressListener } from '../core/progress.ts';
import type { KeptAfterDeletion } from '../store/chunk-table.ts';

/** How far forgetting goes. */
export interface ForgetOptions {
  /** Only look what would be removed. */
  dryRun?: boolean;
  /**
   * Let the next ingest bring it back, if it is still in a source. Also for a document that was forgotten before.
   */
  allowAgain?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What was removed; after a dry run, what would be. */
export interface ForgetReport {
  document: { id: string; uri: string; title: string };
  dryRun: boolean;
  /** It had been forgotten before; now it may come back, and nothing else was done. */
  allowed?: true;
  /** Chunks in the index. */
  chunks: number;
  /** Cached vectors, of all versions of its text. */
  embeddings: number;
  /** Ids of traces in which it was a passage, was cited, or is quoted. They stay, without it. */
  traces: string[];
  /** Ids of traces whose ratings are removed: of answers that had it, or with a better text that quotes it. */
  feedback: string[];
  /** Training data, under its new content address; without `newId` nothing was left of it. */
  datasets: { id: string; newId?: string; path: string; examples: number }[];
  /** Stored answers of comparisons. */
  answers: number;
  /** Reports and other files of the data folder, relative to it. */
  files: string[];
  /** Interrupted trainings on it; they start from the beginning. */
  trainings: string[];
  /** Trained on data that has it: what they learnt of it cannot be taken out. */
  adapters: { id: string; dataset: string; hosted?: string }[];
  /** Embedders of this project that were, or may have been, trained on it. */
  embedders: string[];
  /** The same for rerankers. */
  rerankers: string[];
  /** Learnt rankings that had questions about it. These questions are taken out of them; the weights stay as they are. */
  rankings: string[];
  /** Heads that were trained on questions about it: what their weights have of these cannot be taken out. */
  heads: string[];
  /** Files outside the data folder that hold its words; they are yours to change. */
  yours: string[];
  /** Files in the data folder that still hold its words; empty when all is well. Not looked for in a dry run. */
  leftovers: string[];
  /**
   * What may still be in the index store. 'bytes': the rows are deleted, the bytes leave the server's disk when it cleans up.
   * 'rows': a LangChain store without `filter` deletes nothing, so that the rows stay there and only searches leave them out.
   */
  storeMayKeep: false | KeptAfterDeletion;
  /** It may be ingested again. */
  allowAgain: boolean;
  seconds: number;
}

export function emptyReport(
  { id, uri, title }: ForgetReport['document'],
  { dryRun = false, allowAgain = false }: ForgetOptions,
): ForgetReport {
  return {
    document: { id, uri, title },
    dryRun,
    chunks: 0,
    embeddings: 0,
    traces: [],
    feedback: [],
    datasets: [],
    answers: 0,
    files: [],
    trainings: [],
    adapters: [],
    embedders: [],
    rerankers: [],
    rankings: [],
    heads: [],
    yours: [],
    leftovers: [],
    storeMayKeep: false,
    allowAgain,
    seconds: 0,
  };
}
