import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName, Trace } from '../core/types/answer.ts';
import type { Document, Freshness } from '../core/types/document.ts';
import type { Feedback } from '../core/types/feedback.ts';
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
  readonly listing: ListingCatalog;
  readonly forgotten: ForgottenCatalog;
  readonly embeddings: EmbeddingCache;
  readonly runs: RunCatalog;
  readonly datasets: DatasetCatalog;
  readonly adapters: AdapterCatalog;
  readonly traces: TraceCatalog;
  readonly feedback: FeedbackCatalog;
  readonly deployments: DeploymentCatalog;
  readonly looks: LookCatalog;
  readonly calibrations: CalibrationCatalog;

  /**
   * Rewrites the catalogue's files so that nothing deleted can be read from them any more. Takes as long as copying them.
   * @throws LockedError when another process keeps reading an older state.
   */
  scrub(): Promise<void>;
  /** Writes a catalogue of the same content to `path`, where none may be: whole, or not at all. */
  copyTo(path: string): Promise<void>;
}

/** The right to write, held by one process at a time; released when it is disposed. */
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
  /** How well the embedder tells the index's passages apart, as it was measured last: `index/measure-separation.ts`. */
  separation?: { value: number; chunks: number };
}

/** How far the index is, and how it was made. */
export interface IndexCatalog {
  /** Undefined before the first ingest. */
  get(): Promise<IndexState | undefined>;
  /**
   * Drops every document and problem and starts a new generation; cached embeddings stay, and when each document's content
   * had last changed.
   */
  reset(
    configuration: Pick<IndexState, 'configurationHash' | 'embedderHash' | 'embedderName' | 'dimensions'>,
  ): Promise<IndexState>;
  /** Makes one batch visible: documents, problems and `committedSeq` move together, or not at all. */
  commit(batch: IndexCommit): Promise<void>;
  /** Keeps what was measured of the index; a reset forgets it. */
  setSeparation(separation: NonNullable<IndexState['separation']>): Promise<void>;
}

/** One batch of an ingest: written in a single transaction, or not at all. */
export interface IndexCommit {
  /** Must be `committedSeq + 1`: a batch prepared against another state is refused. */
  seq: number;
  /** `textHashes`: of the embedded texts of its chunks, as in the embedding cache. `definitions`: what its text defines. */
  put: (IndexedDocument & { textHashes?: readonly string[]; definitions?: readonly Definition[] })[];
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
  /** The access label is the source's, and changes when the source says so; else it stands in the document itself. */
  accessFromSource: boolean;
  /**
   * ISO 639-1: as its metadata says or its text shows, and the terms of its chunks were made. Absent where it is not plain, and for
   * documents ingested before languages were told apart.
   */
  language?: string;
  chunkCount: number;
  /** The commit that added this version. */
  addedSeq: number;
  indexedAt: string;
  /** When its bytes were last read. */
  readAt: string;
  /** When its text was first read as it is now. Given the same `contentHash` as before, the catalogue keeps the older time. */
  changedAt: string;
}

/** An abbreviation and what a document's text says it stands for. */
export interface Definition {
  abbreviation: string;
  longForm: string;
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

/** Whose definitions are looked at: as the store's filter. */
export interface DefinitionFilter {
  documentIds?: readonly string[];
  excludeDocumentIds?: readonly string[];
  access?: readonly string[];
  metadata?: Readonly<Record<string, string | readonly string[]>>;
}

/** The documents that are indexed, as the last commit left them. */
export interface DocumentCatalog {
  get(id: string): Promise<IndexedDocument | undefined>;
  getMany(ids: readonly string[]): Promise<Map<string, IndexedDocument>>;
  /** In order of id. */
  list(): Promise<DocumentSummary[]>;
  /** The document that was read from this uri. */
  at(uri: string): Promise<{ id: string; contentHash: string } | undefined>;
  /** The languages of all documents, each once; undefined where there are documents of which it is not known. In no order. */
  languages(): Promise<(string | undefined)[]>;
  /** How many documents there are in each language; undefined: not known. Most first. */
  countByLanguage(): Promise<{ language: string | undefined; documents: number }[]>;
  /** Ids of documents in this language, `limit` at most, in order. */
  idsInLanguage(language: string, limit: number): Promise<string[]>;
  /** The language of each of these documents; those of which it is not known, and unknown ids, are left out. */
  languagesOf(ids: readonly string[]): Promise<Map<string, string>>;
  /** Where the document with this id was read from. */
  uriOf(id: string): Promise<string | undefined>;
  /** How fresh each of these documents is; unknown ids are left out. */
  freshness(ids: readonly string[]): Promise<Map<string, Freshness>>;
  /** A look-up without waiting: the mark under which a uri is held, as a document or as a problem that is known already. */
  changeMarks(): Promise<(uri: string) => string | undefined>;
  /**
   * A look-up without waiting: what the texts of documents that the filter admits define as this abbreviation, in any case, and
   * how many of them do. Nothing of it is kept in memory.
   */
  definitions(): Promise<
    (abbreviation: string, filter?: DefinitionFilter) => (Definition & { documents: number })[]
  >;
  /** Documents with their text, in order of id (by code points, as a store's scan), one in memory at a time. */
  all(): AsyncIterable<IndexedDocument>;
  count(): Promise<{ documents: number; chunks: number; problems: number }>;
  problems(): Promise<DocumentProblem[]>;
  /** The bytes are the same although the mark is not (a touched file): remember the new mark. */
  setChangeMarks(marks: ReadonlyArray<{ id: string; changeMark: string }>): Promise<void>;
}

/** What a source lists, in short. */
export interface ListedEntry {
  uri: string;
  /** Place of its source in the list of sources, from 0, and `Source.id`. */
  source: number;
  sourceId: string;
  changeMark: string;
  /** Absent: public. */
  access?: string;
  /** The source's entry as it was given; JSON. */
  entry: unknown;
}

/** What has to be done about a listed entry. */
export interface ListedWork {
  /** Place in the order of work. */
  rank: number;
  /**
   * `relabel`: the bytes are the same, the source gives another access label. `changed`: there is a document of this uri, with
   * another mark. `new`: there is none.
   */
  kind: 'relabel' | 'changed' | 'new';
  source: number;
  sourceId: string;
  uri: string;
  changeMark: string;
  access?: string;
  entry: unknown;
  /** The document that was read from this uri, as the catalogue has it now. */
  before?: { id: string; contentHash: string; access: string; accessFromSource: boolean };
}

/** What a listing of sources, compared with what is indexed, says is new, changed and gone. */
export interface ListingComparison {
  listed: number;
  unchanged: number;
  /** Listed, with something to do. */
  work: number;
  /** In the catalogue, but in no source any more: to be removed at once. */
  gone: { id: string; uri: string }[];
  /** The same, but something new has the mark of each: probably moved. To be removed when that is read, or at the end. */
  moved: number;
  /** Unchanged entries that could not be ingested the last time either. */
  problems: DocumentProblem[];
  /** Uris whose remembered problem is over without any work. */
  resolved: string[];
}

/**
 * What the sources list now, laid beside what was ingested. Kept outside the process's memory, so that a hundred thousand
 * documents take no more of it than a thousand; gone when the catalogue closes. One listing at a time.
 */
export interface ListingCatalog {
  /** Starts an empty listing. */
  begin(): Promise<void>;
  /** In the order of work; a uri that is listed already stays as it was. Returns how many are listed now. */
  add(entries: readonly ListedEntry[]): Promise<number>;
  /**
   * `unlisted`: uris that could not be listed and are neither there nor gone; one that ends in `/` is a whole folder.
   * Documents of the sources `unavailable` are left as they are, whatever else lists them. Call once, when all is listed.
   */
  compare(unlisted: readonly string[], unavailable?: readonly string[]): Promise<ListingComparison>;
  has(uri: string): Promise<boolean>;
  /** The next `limit` pieces of work: relabelled first, then changed, then new. */
  work(after: number, limit: number): Promise<ListedWork[]>;
  /** A moved document with these bytes, or of this uri, where there is (still) one; each is given once. */
  takeMoved(by: { contentHash: string } | { uri: string }): Promise<{ id: string; uri: string } | undefined>;
  /** The moved documents that nobody took. */
  restOfMoved(): Promise<{ id: string; uri: string }[]>;
  /**
   * Everything listed was worked on: all documents but those that could not be listed or read were seen in their source as
   * they are here, at `checkedAt` of their source.
   */
  finish(checks: ReadonlyArray<{ sourceId: string; checkedAt: string }>): Promise<void>;
}

/** A document that is being forgotten, with all that is needed to find what was made of it. Gone when that is done. */
export interface Forgetting {
  id: string;
  uri: string;
  title: string;
  text: string;
  aliases: string[];
  /** Of its chunks as they are embedded. */
  textHashes: string[];
  /** `Document.contentHash`, where the document was there: the same bytes under another name are the same document. */
  contentHash?: string;
  /** It may be ingested again. */
  allowAgain: boolean;
  at: string;
}

/** Documents that were forgotten on purpose. Only hashes of their ids, uris and bytes are kept. */
export interface ForgottenCatalog {
  /** From now on ingest passes it over; what is to be removed is remembered until `finish`. */
  begin(document: Forgetting): Promise<void>;
  /** Begun and not finished: the process died in between. */
  unfinished(): Promise<Forgetting[]>;
  /** What was remembered for it is deleted beyond recovery. */
  finish(id: string): Promise<void>;
  /** A forgotten document was met again, by its own id or its bytes, at this uri: the next ingest need not read it. */
  alsoAt(idOrBytes: string, uri: string): Promise<void>;
  /** Ids, uris and `bytes:` with contents' hashes that ingest must pass over, as `sha256`. */
  hashes(): Promise<ReadonlySet<string>>;
  /** Lets it be ingested again. False when it was not forgotten. */
  allow(idOrUri: string): Promise<boolean>;
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
  /** Of every version and chunking of the document that is still cached, for any embedder. */
  countOf(documentId: string, textHashes?: readonly string[]): Promise<number>;
  /** Drops the vectors of the document's texts, and of `textHashes`. Returns how many were dropped. */
  forget(documentId: string, textHashes?: readonly string[]): Promise<number>;
}

/** Something that a run told: its kind and what it said, as JSON. */
export interface RunEvent {
  at: string;
  /** "loss", "validation", "checkpoint", "warning" … */
  kind: string;
  data: unknown;
}

/** Runs of ingest, tune and compare, with the events they told. */
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

/** Training data that was built: what it is, where its files are, how many examples it has. */
export interface DatasetRecord {
  /** SHA-256 of the canonical JSONL. */
  id: string;
  /** Relative to the project's data folder. */
  path: string;
  /** By split or kind: `{ train: 1200, validation: 130 }`. */
  counts: Record<string, number>;
  createdAt: string;
  /** What happened to it since: examples were removed because a document was forgotten. */
  note?: string;
  /** The dataset that stands in its place. */
  replacedBy?: string;
  /** Documents whose examples were removed from it, as `sha256` of their ids. What was trained on it had seen them. */
  forgot?: string[];
}

/** Training data that was built, by its hash. */
export interface DatasetCatalog {
  put(dataset: DatasetRecord): Promise<void>;
  get(id: string): Promise<DatasetRecord | undefined>;
  /** Latest first. */
  list(): Promise<DatasetRecord[]>;
}

/** Adapters that were trained and registered, by id. */
export interface AdapterCatalog {
  put(adapter: Adapter): Promise<void>;
  get(id: string): Promise<Adapter | undefined>;
  /** Latest first. */
  list(): Promise<Adapter[]>;
}

/** Everything that went into each answer, by the answer's `traceId`. */
export interface TraceCatalog {
  put(trace: Trace): Promise<void>;
  get(id: string): Promise<Trace | undefined>;
  /** Latest first; `limit` defaults to 20. */
  list(options?: { limit?: number }): Promise<Trace[]>;
  /** Those from before then (ISO 8601), but for those that were rated. Returns how many were dropped. */
  dropBefore(at: string): Promise<number>;
  /** Every one, oldest first, a few in memory at a time. */
  all(): AsyncIterable<Trace>;
}

/** Ratings of answers, by their traces. */
export interface FeedbackCatalog {
  put(feedback: Feedback): Promise<void>;
  get(traceId: string): Promise<Feedback | undefined>;
  /** Oldest first. */
  list(): Promise<Feedback[]>;
  /** False where there was none. */
  remove(traceId: string): Promise<boolean>;
}

/** Which arm answers by default, decided when and on what evidence. */
export interface Deployment {
  arm: ArmName;
  adapterId?: string;
  /** It was not shown to be better than what was used before, and a person insisted. */
  forced: boolean;
  /** What it rests on. */
  reason: string;
  /** Who decided, as far as known, and what they gave as their reason. */
  by?: string;
  why?: string;
  /** What was used before. Older deployments do not have it. */
  insteadOf?: { arm: ArmName; adapterId?: string };
  at: string;
  /** The compare run it rests on. */
  evidenceRunId?: string;
}

/** A deployment that was made, or one that was taken back (`undone` is its `seq`). */
export type DeploymentEvent = { seq: number; at: string } & (
  | { kind: 'push'; deployment: Deployment }
  | { kind: 'undo'; undone: number }
);

/** What answers by default, and everything that ever did. */
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

/** When held-out cases were looked at, and why: each look makes a set a little less held out. */
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
