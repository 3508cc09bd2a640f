import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import type { Catalog, DocumentProblem, DocumentSummary, IndexState } from '../catalog/catalog.ts';
import { chunkDocument } from '../chunk/chunk-document.ts';
import { type EmbeddableChunk, embeddedText } from '../chunk/embedded-text.ts';
import type { CountTokens } from '../chunk/token-meter.ts';
import { InterruptedError } from '../core/errors/interrupted-error.ts';
import { SourceError } from '../core/errors/source-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Document } from '../core/types/document.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { parseDocument } from '../parse/parse-document.ts';
import type { LoadedEntry, Source, SourceEntry } from '../sources/source.ts';
import type { ChunkTable, Snapshot } from '../store/chunk-table.ts';
import { embedTexts } from './embed-chunks.ts';
import { type Chunking, indexConfiguration } from './index-configuration.ts';

export interface IngestOptions {
  catalog: Catalog;
  store: ChunkTable;
  embedder: EmbeddingModelV4;
  /** All of the project's sources: a document that none of them lists any more is removed. */
  sources: readonly Source[];
  chunking: Chunking;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
  /** Chunks that become visible together; a killed ingest parses at most so many again (it embeds none again). */
  batchChunks?: number;
}

export interface IngestReport {
  runId: string;
  /** Documents. A moved file with an id of its own counts as changed. */
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  problems: IngestProblem[];
  /** Chunks written in this run; of their vectors `embedded` were computed and `fromCache` remembered. */
  chunks: number;
  embedded: number;
  fromCache: number;
  /** What the index holds now. */
  index: { documents: number; chunks: number };
  /** Why everything was indexed anew, where it was. */
  reindexed?: 'first ingest' | 'configuration changed' | 'index was missing or damaged';
  seconds: number;
}

export interface IngestProblem {
  uri: string;
  /** `skipped`: not a kind of file that is read. `failed`: should have been ingested and could not be. */
  kind: 'skipped' | 'failed';
  message: string;
  hint?: string;
}

/**
 * Brings the index in line with the sources: only what changed is read, only what was never embedded is embedded, what is
 * gone is removed. Documents become visible batch by batch, each batch all at once; killed at any moment, the index is what
 * the last batch left and the next ingest goes on from there. A document that cannot be read or parsed is a problem in the
 * report and ends nothing: its last good version stays if its bytes could not be had, and goes if they hold no document.
 *
 * @throws LockedError when another process is writing
 * @throws SourceError when a source as a whole cannot be listed; nothing is removed then
 * @throws InterruptedError, DiskFullError: what was committed stays
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const { catalog, signal } = options;
  await using _lock = await catalog.lockForWriting('ingesting', signal && { signal });
  const run = await catalog.runs.start({
    kind: 'ingest',
    config: { chunking: options.chunking, sources: options.sources.map(({ id }) => id) },
  });
  const progress = { done: 0, total: 0 };
  try {
    const report = await bringInLine(options, run.id, progress);
    const { runId: _, problems, index, reindexed: __, ...metrics } = report;
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: { ...metrics, problems: problems.length, indexChunks: index.chunks },
    });
    return report;
  } catch (error) {
    const interrupted = signal?.aborted
      ? new InterruptedError({
          domain: 'ingest',
          message: `The ingest was stopped after ${progress.done} of ${progress.total} documents.`,
          cause: error,
        })
      : undefined;
    const status = interrupted ? 'interrupted' : 'failed';
    try {
      await catalog.runs.finish(run.id, { status, error: String((interrupted ?? (error as Error)).message) });
    } catch {
      // On a full disk not even this can be written; the process's absence will say it. What failed first is what is told.
    }
    throw interrupted ?? error;
  }
}

async function bringInLine(
  options: IngestOptions,
  runId: string,
  progress: { done: number; total: number },
): Promise<IngestReport> {
  const { catalog, store, embedder, sources, signal, onProgress } = options;
  const started = performance.now();
  const { state, reindexed } = await openIndex(options);
  const listing = await list(sources, options);
  const plan = await planWork(catalog, listing);
  const report: IngestReport = {
    runId,
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: plan.unchanged,
    problems: [...listing.problems, ...plan.problems],
    chunks: 0,
    embedded: 0,
    fromCache: 0,
    index: { documents: 0, chunks: 0 },
    ...(reindexed && { reindexed }),
    seconds: 0,
  };
  progress.total = plan.work.length;

  let seq = state.committedSeq;
  const batches = prepareBatches(plan, options);
  // One batch is parsed while the one before is embedded: the embedder's threads are not this one.
  let next = batches.next();
  try {
    for (;;) {
      const { value: batch, done } = await next;
      if (done) break;
      next = batches.next();
      next.catch(() => {}); // Awaited in the next round, unless this one throws first.
      seq = await commitBatch(batch, seq);
    }
  } finally {
    await batches.return();
  }

  onProgress?.({ stage: 'updating the index', done: 0, unit: 'steps' });
  await store.maintain({ generation: state.generation, seq });
  const { documents, chunks } = await catalog.documents.count();
  return { ...report, index: { documents, chunks }, seconds: (performance.now() - started) / 1000 };

  async function commitBatch(batch: Batch, committed: number): Promise<number> {
    const chunks = batch.put.flatMap((prepared) => prepared.chunks.map((chunk) => ({ prepared, chunk })));
    const tell = (embeddedChunks: number) => {
      const share = chunks.length === 0 ? 1 : embeddedChunks / chunks.length;
      onProgress?.({
        stage: 'ingesting',
        done: progress.done + Math.floor(batch.worked * share),
        total: progress.total,
        unit: 'documents',
        detail: `${report.chunks + embeddedChunks} chunks`,
      });
    };
    const texts = chunks.map(({ chunk }) => embeddedText(chunk));
    const { vectors, embedded, fromCache } = await embedTexts(texts, {
      cache: catalog.embeddings,
      embedder,
      embedderHash: state.embedderHash,
      dimensions: state.dimensions,
      onEmbedded: tell,
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();

    const at: Snapshot = { generation: state.generation, seq: committed + 1 };
    const replaced = batch.put.filter(({ isNew }) => !isNew).map(({ document }) => document.id);
    await store.remove([...replaced, ...batch.remove], at);
    await store.add(
      chunks.map(({ prepared: { document }, chunk }, i) => ({
        ...chunk,
        uri: document.uri,
        title: document.title,
        access: document.access,
        searchText: withHeadingsWeighted(texts[i]!, chunk),
        vector: vectors[i]!,
      })),
      at,
    );
    await store.flush();
    const indexedAt = new Date().toISOString();
    await catalog.index.commit({
      seq: at.seq,
      put: batch.put.map(({ document, chunks, sourceId, changeMark }) => ({
        ...document,
        sourceId,
        changeMark,
        chunkCount: chunks.length,
        addedSeq: at.seq,
        indexedAt,
      })),
      remove: batch.remove,
      problems: batch.problems,
      resolved: batch.resolved,
    });
    await catalog.documents.setChangeMarks(batch.touched);

    report.added += batch.put.filter(({ isNew }) => isNew).length;
    report.changed += replaced.length;
    report.removed += batch.remove.length;
    report.unchanged += batch.touched.length;
    report.problems.push(...batch.problems.map((problem) => toIngestProblem(problem)));
    report.chunks += chunks.length;
    report.embedded += embedded;
    report.fromCache += fromCache;
    progress.done += batch.worked;
    onProgress?.({
      stage: 'ingesting',
      done: progress.done,
      total: progress.total,
      unit: 'documents',
      detail: `${report.chunks} chunks`,
    });
    return at.seq;
  }
}

/**
 * What full-text search sees. A word of a section's heading says more about what the section answers than one of its text;
 * written three times it counts so (a common stand-in for BM25F's field weights). On 600 MedQuAD train questions the right
 * section came first for 68 % instead of 65 % (`bench/retrieve.ts`).
 */
function withHeadingsWeighted(embedded: string, { headingPath }: EmbeddableChunk): string {
  const headings = headingPath.slice(1).join(' ');
  return headings === '' ? embedded : `${embedded}\n${headings}\n${headings}`;
}

/** The index as the configuration wants it: the one that is there, or a new and empty one. */
async function openIndex({
  catalog,
  store,
  embedder,
  chunking,
  signal,
}: IngestOptions): Promise<{ state: IndexState; reindexed?: IngestReport['reindexed'] }> {
  const current = await catalog.index.get();
  const configuration = await indexConfiguration(embedder, chunking, current, signal);
  if (current?.configurationHash === configuration.configurationHash) {
    await store.prepare(current);
    const rows = await store.count({ generation: current.generation, seq: current.committedSeq });
    if (rows === (await catalog.documents.count()).chunks) return { state: current };
  }
  const state = await catalog.index.reset(configuration);
  await store.prepare(state);
  if (!current) return { state, reindexed: 'first ingest' };
  const changed = current.configurationHash !== configuration.configurationHash;
  return { state, reindexed: changed ? 'configuration changed' : 'index was missing or damaged' };
}

interface Listed {
  source: Source;
  entry: SourceEntry;
}

interface Listing {
  /** By uri; what two sources list is taken from the first. */
  entries: Map<string, Listed>;
  problems: IngestProblem[];
  /** Not listed, but perhaps still there: a failed entry, or the folder (ending in `/`) that could not be listed. */
  isUnknown(uri: string): boolean;
}

async function list(
  sources: readonly Source[],
  { signal, onProgress }: Pick<IngestOptions, 'signal' | 'onProgress'>,
): Promise<Listing> {
  const entries = new Map<string, Listed>();
  const problems: IngestProblem[] = [];
  for (const source of sources) {
    const listOptions = {
      onProblem: (problem: IngestProblem) => problems.push({ ...problem }),
      ...(signal && { signal }),
    };
    for await (const entry of source.list(listOptions)) {
      signal?.throwIfAborted();
      if (!entries.has(entry.uri)) entries.set(entry.uri, { source, entry });
      if (entries.size % 100 === 0)
        onProgress?.({ stage: 'listing sources', done: entries.size, unit: 'documents' });
    }
  }
  onProgress?.({ stage: 'listing sources', done: entries.size, total: entries.size, unit: 'documents' });
  const failed = problems.filter(({ kind }) => kind === 'failed').map(({ uri }) => uri);
  return {
    entries,
    problems,
    isUnknown: (uri) => failed.some((each) => uri === each || (each.endsWith('/') && uri.startsWith(each))),
  };
}

interface Plan {
  /** Listed, and new or with another change mark. */
  work: Listed[];
  /** What the catalogue holds, by uri. */
  known: Map<string, DocumentSummary>;
  /** In the catalogue, but in no source any more. */
  gone: DocumentSummary[];
  unchanged: number;
  /** Of unchanged files that could not be parsed the last time either. */
  problems: IngestProblem[];
  /** Uris whose remembered problem is over without any work. */
  resolved: string[];
}

async function planWork(catalog: Catalog, listing: Listing): Promise<Plan> {
  const known = new Map((await catalog.documents.list()).map((document) => [document.uri, document]));
  const remembered = new Map((await catalog.documents.problems()).map((problem) => [problem.uri, problem]));
  const plan: Plan = { work: [], known, gone: [], unchanged: 0, problems: [], resolved: [] };
  for (const [uri, listed] of listing.entries) {
    const problem = remembered.get(uri);
    if (known.get(uri)?.changeMark === listed.entry.changeMark) {
      plan.unchanged++;
      if (problem) plan.resolved.push(uri);
    } else if (problem?.changeMark === listed.entry.changeMark) plan.problems.push(toIngestProblem(problem));
    else plan.work.push(listed);
  }
  for (const document of known.values())
    if (!listing.entries.has(document.uri) && !listing.isUnknown(document.uri)) plan.gone.push(document);
  for (const uri of remembered.keys()) if (!listing.entries.has(uri)) plan.resolved.push(uri);
  return plan;
}

interface Prepared {
  document: Document;
  chunks: EmbeddableChunk[];
  sourceId: string;
  changeMark: string;
  /** False when it replaces a document of the same id. */
  isNew: boolean;
}

/** What becomes visible in one commit. */
interface Batch {
  put: Prepared[];
  /** Document ids. */
  remove: string[];
  problems: DocumentProblem[];
  resolved: string[];
  /** Same bytes, another mark. */
  touched: { id: string; changeMark: string }[];
  /** How many entries of the plan went into it. */
  worked: number;
}

/** Loads, parses and chunks what the plan says, in batches; the last one also takes away what is gone. */
async function* prepareBatches(plan: Plan, options: IngestOptions): AsyncGenerator<Batch, void, undefined> {
  const { embedder, chunking, signal, batchChunks = 512 } = options;
  const { childTokens, ...always } = chunking;
  const chunkOptions = {
    ...always,
    ...(childTokens !== undefined && { childTokens }),
    ...tokenLimits(embedder, chunking),
    embed: async (values: string[]) => {
      const providerOptions = { tandem: { role: 'document' } };
      return (
        await embedMany({ model: embedder, values, providerOptions, ...(signal && { abortSignal: signal }) })
      ).embeddings;
    },
    ...(signal && { signal }),
  };
  // The catalogue as it will be after the batches so far: which uri an id belongs to, and the other way round.
  const uriOf = new Map([...plan.known.values()].map(({ id, uri }) => [id, uri]));
  const idAt = new Map([...plan.known.values()].map(({ id, uri }) => [uri, id]));
  const known = new Set(uriOf.keys());
  const gone = new Set(plan.gone.map(({ uri }) => uri));

  const emptyBatch = (): Batch => ({
    put: [],
    remove: [],
    problems: [],
    resolved: [],
    touched: [],
    worked: 0,
  });
  let batch = emptyBatch();
  batch.resolved.push(...plan.resolved);
  // An id that another file still has: that file may give it up later in this run.
  const waiting: { document: Document; listed: Listed }[] = [];

  for (const listed of plan.work) {
    signal?.throwIfAborted();
    const { source, entry } = listed;
    batch.worked++;
    const before = plan.known.get(entry.uri);
    try {
      const loaded = await source.load(entry, signal && { signal });
      if (before && before.contentHash === sha256(loaded.bytes)) {
        batch.touched.push({ id: before.id, changeMark: entry.changeMark });
        batch.resolved.push(entry.uri);
        continue;
      }
      const document = await parsed(entry, loaded, signal);
      if (document.id !== idAt.get(entry.uri)) giveUp(entry.uri);
      if (isTaken(document)) waiting.push({ document, listed });
      else await put(document, listed);
    } catch (error) {
      signal?.throwIfAborted();
      fail(error, listed);
    }
    if (batch.put.reduce((sum, { chunks }) => sum + chunks.length, 0) >= batchChunks) {
      yield batch;
      batch = emptyBatch();
    }
  }
  for (const { document, listed } of waiting) {
    try {
      if (isTaken(document)) throw idTaken(document, uriOf.get(document.id)!);
      await put(document, listed);
    } catch (error) {
      signal?.throwIfAborted();
      fail(error, listed);
    }
  }
  for (const uri of gone) giveUp(uri);
  if (Object.values(batch).some((part) => (Array.isArray(part) ? part.length > 0 : part > 0))) yield batch;

  function isTaken({ id, uri }: Document): boolean {
    const owner = uriOf.get(id);
    return owner !== undefined && owner !== uri && !gone.has(owner);
  }

  async function put(document: Document, { source, entry }: Listed): Promise<void> {
    const chunks = await chunkDocument(document, chunkOptions);
    if (chunks.length === 0)
      throw new UnreadableDocumentError({
        uri: entry.uri,
        reason: 'empty',
        message: `${entry.uri} has headings only: there is no text in it to find.`,
        hint: 'Fill it, delete it, or exclude it from the source.',
      });
    const owner = uriOf.get(document.id);
    if (owner !== undefined && owner !== entry.uri) idAt.delete(owner);
    uriOf.set(document.id, entry.uri);
    idAt.set(entry.uri, document.id);
    // Removed under its old uri earlier in this batch: then it is replaced instead.
    const isNew = !known.has(document.id) && !batch.remove.includes(document.id);
    batch.remove = batch.remove.filter((id) => id !== document.id);
    known.add(document.id);
    batch.put.push({ document, chunks, sourceId: source.id, changeMark: entry.changeMark, isNew });
  }

  /** The document at this uri, if there is one, goes. */
  function giveUp(uri: string): void {
    const id = idAt.get(uri);
    if (id === undefined) return;
    idAt.delete(uri);
    uriOf.delete(id);
    known.delete(id);
    batch.remove.push(id);
  }

  function fail(error: unknown, { source, entry }: Listed): void {
    if (!isAboutOneDocument(error)) throw error;
    const noDocument = UnreadableDocumentError.isInstance(error);
    if (noDocument) giveUp(entry.uri);
    batch.problems.push({
      uri: entry.uri,
      sourceId: source.id,
      // Bytes that hold no document hold none the next time either; anything else is worth another try.
      changeMark: noDocument ? entry.changeMark : '',
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
      at: new Date().toISOString(),
    });
  }
}

async function parsed(entry: SourceEntry, loaded: LoadedEntry, signal?: AbortSignal): Promise<Document> {
  const { uri } = entry;
  const mediaType = loaded.mediaType ?? entry.mediaType;
  try {
    return await parseDocument({
      uri,
      bytes: loaded.bytes,
      ...(mediaType && { mediaType }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (TandemError.isInstance(error) || signal?.aborted) throw error;
    // A parser that trips over one file must not keep a thousand others out.
    throw new TandemError({
      code: 'parser_failed',
      domain: 'ingest',
      category: 'system',
      message: `${uri} could not be parsed: ${error instanceof Error ? error.message : String(error)}.`,
      hint: 'Exclude it or convert it; if it opens elsewhere, this is a bug in Tandem worth reporting.',
      cause: error,
    });
  }
}

/** The other errors (a wrong setting, a full disk, a bug) would be every document's, and end the ingest. */
function isAboutOneDocument(error: unknown): error is TandemError {
  return (
    UnreadableDocumentError.isInstance(error) ||
    SourceError.isInstance(error) ||
    (TandemError.isInstance(error) && ['duplicate_id', 'parser_failed'].includes(error.code))
  );
}

function idTaken(document: Document, owner: string): TandemError {
  return new TandemError({
    code: 'duplicate_id',
    domain: 'ingest',
    category: 'user',
    message: `${document.uri} has the id "${document.id}", which ${owner} has already.`,
    hint: 'Give one of them another `id` in its front matter.',
  });
}

/** Counts in the embedder's own tokens; a hosted one does not tell, and three UTF-8 bytes for a token is on the safe side. */
function tokenLimits(
  embedder: EmbeddingModelV4,
  { maxTokens }: Chunking,
): { maxTokens: number; countTokens: CountTokens } {
  const tools = localToolsOf(embedder);
  if (!tools) return { maxTokens, countTokens: (text) => Math.ceil(Buffer.byteLength(text) / 3) };
  // Two for the special tokens around a text, which the tools do not count.
  return {
    maxTokens: Math.min(maxTokens, tools.contextLength - 2),
    countTokens: (text) => tools.countTokens(text),
  };
}

function toIngestProblem({ uri, message, hint }: DocumentProblem): IngestProblem {
  return { uri, kind: 'failed', message, ...(hint !== undefined && { hint }) };
}
