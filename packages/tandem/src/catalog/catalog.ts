import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName, Trace } from '../core/types/answer.ts';
import type { Document } from '../core/types/document.ts';
import type { Run } from '../core/types/run.ts';

/**
 * What Tandem remembers about a project. Everything is asynchronous although the built-in one (`openCatalog`, SQLite) is not:
 * a catalogue on a server fits behind the same interface. Each method is one transaction, durable when its promise resolves.
 */
export interface Catalog extends AsyncDisposable {
  /**
   * Waits up to `waitMs` (default 0) for the project's one writer's place. Ingest, tune and `use` hold it; reading and
   * writing traces do not need it. It dies with its process, so it is never stale.
   * @throws LockedError naming the process that holds it and what it is doing.
   */
  lockForWriting(purpose: string, options?: { waitMs?: number; signal?: AbortSignal }): Promise<WriterLock>;

  readonly index: IndexCatalog;
  readonly documents: DocumentCatalog;
  readonly embeddings: EmbeddingCache;
  readonly runs: RunCatalog;
  readonly datasets: DatasetCatalog;
  readonly adapters: AdapterCatalog;
  readonly traces: TraceCatalog;
  readonly deployments: DeploymentCatalog;
  readonly looks: LookCatalog;
  readonly calibrations: CalibrationCatalog;
}

export interface WriterLock extends AsyncDisposable {
  release(): Promise<void>;
}

/** How the documents were indexed. Another `configurationHash` means that every vector has to be made again. */
export interface IndexState {
  /** Hash of all that decides a chunk's span and vector: embedder, chunking, prefix rule, parser. */
  configurationHash: string;
  embedderHash: string;
  /** For messages: `provider:modelId`. */
  embedderName: string;
  dimensions: number;
  /** Counts the configurations so far: the store keeps one table for each, so that old and new rows never mix. */
  generation: number;
  /** A chunk row is visible when `addedSeq <= committedSeq < removedSeq`. */
  committedSeq: number;
}

export interface IndexCatalog {
  /** Undefined before the first ingest. */
  get(): Promise<IndexState | undefined>;
  /** Forgets every document and problem and starts a new generation; cached embeddings stay. */
  reset(
    configuration: Pick<IndexState, 'configurationHash' | 'embedderHash' | 'embedderName' | 'dimensions'>,
  ): Promise<IndexState>;
  /** Makes one batch visible: documents, problems and `committedSeq` move together, or not at all. */
  commit(batch: IndexCommit): Promise<void>;
}

export interface IndexCommit {
  /** Must be `committedSeq + 1`: a batch prepared against another state is refused. */
  seq: number;
  put: IndexedDocument[];
  /** Document ids. */
  remove: string[];
  problems: DocumentProblem[];
  /** Uris whose problem, if there was one, is over. */
  resolved: string[];
}

/** A document with what ingest knows about it. */
export interface IndexedDocument extends Document {
  /** `Source.id` of the source that listed it. */
  sourceId: string;
  /** The source's cheap sign of change (size and time, ETag …); equal means the bytes need not be read. */
  changeMark: string;
  chunkCount: number;
  /** The commit that added this version. */
  addedSeq: number;
  indexedAt: string;
}

/** A listed document without its text and blocks. */
export type DocumentSummary = Omit<IndexedDocument, 'text' | 'blocks'> & { characters: number };

/** A document that could not be ingested. Kept, so that an unchanged one is reported again without being read again. */
export interface DocumentProblem {
  uri: string;
  sourceId: string;
  changeMark: string;
  message: string;
  hint?: string;
  at: string;
}

export interface DocumentCatalog {
  get(id: string): Promise<IndexedDocument | undefined>;
  getMany(ids: readonly string[]): Promise<Map<string, IndexedDocument>>;
  /** In order of id. */
  list(): Promise<DocumentSummary[]>;
  /** Documents with their text, in order of id, one in memory at a time. */
  all(): AsyncIterable<IndexedDocument>;
  count(): Promise<{ documents: number; chunks: number; problems: number }>;
  problems(): Promise<DocumentProblem[]>;
  /** The bytes are the same although the mark is not (a touched file): remember the new mark. */
  setChangeMarks(marks: ReadonlyArray<{ id: string; changeMark: string }>): Promise<void>;
}

/** Vectors by the hash of the embedded text. Survives interrupted ingests, changed chunking and removed documents. */
export interface EmbeddingCache {
  get(embedderHash: string, textHashes: readonly string[]): Promise<Map<string, Float32Array>>;
  put(
    embedderHash: string,
    entries: ReadonlyArray<{ textHash: string; vector: Float32Array }>,
  ): Promise<void>;
  count(): Promise<number>;
  /** Drops what no ingest has asked for since `before`. Returns how many were dropped. */
  prune(before: Date): Promise<number>;
}

export interface RunEvent {
  at: string;
  /** "loss", "validation", "checkpoint", "warning" … */
  kind: string;
  data: unknown;
}

export interface RunCatalog {
  start(run: {
    kind: Run['kind'];
    config: unknown;
    inputs?: Record<string, string>;
    /** Only to go on with an interrupted one: its events and metrics stay. */
    resume?: string;
  }): Promise<Run>;
  /** Merges `inputs` and `metrics`, appends `artefacts`. */
  update(id: string, change: Partial<Pick<Run, 'inputs' | 'metrics' | 'artefacts'>>): Promise<void>;
  finish(
    id: string,
    outcome: { status: Exclude<Run['status'], 'running'>; error?: string } & Partial<
      Pick<Run, 'metrics' | 'artefacts'>
    >,
  ): Promise<Run>;
  addEvents(id: string, events: ReadonlyArray<{ kind: string; data: unknown; at?: string }>): Promise<void>;
  events(id: string, options?: { kind?: string }): Promise<RunEvent[]>;
  get(id: string): Promise<Run | undefined>;
  /** Latest first. */
  list(options?: { kind?: Run['kind']; limit?: number }): Promise<Run[]>;
  /** Runs that could be picked up again, latest first: interrupted ones, and running ones whose process is gone. */
  interrupted(kind: Run['kind']): Promise<Run[]>;
}

export interface DatasetRecord {
  /** SHA-256 of the canonical JSONL. */
  id: string;
  /** Relative to the project's data folder. */
  path: string;
  /** By split or kind: `{ train: 1200, validation: 130 }`. */
  counts: Record<string, number>;
  createdAt: string;
}

export interface DatasetCatalog {
  put(dataset: DatasetRecord): Promise<void>;
  get(id: string): Promise<DatasetRecord | undefined>;
  /** Latest first. */
  list(): Promise<DatasetRecord[]>;
}

export interface AdapterCatalog {
  put(adapter: Adapter): Promise<void>;
  get(id: string): Promise<Adapter | undefined>;
  /** Latest first. */
  list(): Promise<Adapter[]>;
}

export interface TraceCatalog {
  put(trace: Trace): Promise<void>;
  get(id: string): Promise<Trace | undefined>;
  /** Latest first; `limit` defaults to 20. */
  list(options?: { limit?: number }): Promise<Trace[]>;
}

/** Which arm answers by default, decided when and on what evidence. */
export interface Deployment {
  arm: ArmName;
  adapterId?: string;
  /** The adapter had not passed its paired test and a person insisted. */
  forced: boolean;
  reason: string;
  at: string;
  /** The compare run it rests on. */
  evidenceRunId?: string;
}

export type DeploymentEvent = { seq: number; at: string } & (
  | { kind: 'push'; deployment: Deployment }
  | { kind: 'undo'; undone: number }
);

export interface DeploymentCatalog {
  /** Undefined: the config's arm answers. */
  current(): Promise<Deployment | undefined>;
  push(deployment: Omit<Deployment, 'at'>): Promise<Deployment>;
  /** Goes back to the deployment before the current one. @throws InvalidInputError when there is nothing to undo. */
  undo(): Promise<{ undone: Deployment; current: Deployment | undefined }>;
  /** Everything that ever happened, oldest first; nothing is ever deleted. */
  history(): Promise<DeploymentEvent[]>;
}

/** One look at held-out data. Each spends a little of its independence, so each is written down. */
export interface Look {
  at: string;
  casesHash: string;
  purpose: string;
  runId?: string;
}

export interface LookCatalog {
  add(look: Omit<Look, 'at'>): Promise<Look>;
  /** Oldest first. */
  list(options?: { casesHash?: string }): Promise<Look[]>;
}

/** Fitted calibrations (plain JSON), keyed by what they were fitted for, for example `confidence:ADAPTER_ID`. */
export interface CalibrationCatalog {
  put(key: string, value: unknown): Promise<void>;
  get(key: string): Promise<unknown>;
}
