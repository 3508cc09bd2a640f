import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog, IndexState } from '../catalog/catalog.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import { embeddedText } from '../chunk/embedded-text.ts';
import { counted } from '../core/counted.ts';
import { InterruptedError } from '../core/errors/interrupted-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Chunking } from '../index/chunking.ts';
import { checkEmbedderLanguage, type LanguageWarning } from '../index/embedder-language.ts';
import { indexConfiguration } from '../index/index-configuration.ts';
import { measureSeparation } from '../index/measure-separation.ts';
import { textForSearch } from '../index/text-for-search.ts';
import { tokenLimits } from '../index/token-limits.ts';
import { definitionsIn } from '../parse/definitions.ts';
import type { Source } from '../sources/source.ts';
import type { ChunkTable, Snapshot } from '../store/chunk-table.ts';
import { documentTermsOf } from '../text/terms.ts';
import { embedTexts } from './embed-chunks.ts';
import { holdHeapGrowth } from './heap-growth.ts';
import { type IngestProblem, listSources, toIngestProblem } from './list-sources.ts';
import { type Batch, emptyBatch, type Prepared, prepareBatches } from './prepare-batches.ts';

export type { IngestProblem } from './list-sources.ts';

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

/** What an ingest changed, what it left out and why, and what the index holds after it. */
export interface IngestReport {
  runId: string;
  /** Documents. A moved file with an id of its own counts as changed. */
  added: number;
  changed: number;
  /** Of these, documents of which only the access label changed; nothing was embedded for them. */
  relabelled: number;
  removed: number;
  unchanged: number;
  /** Still in a source, and passed over because of `tandem forget`. */
  forgotten: number;
  problems: IngestProblem[];
  /** Ids of the sources that could not be listed, each also a problem: their documents were left as they are. */
  unavailable: string[];
  /** Chunks written in this run; of their vectors `embedded` were computed and `fromCache` remembered. */
  chunks: number;
  embedded: number;
  fromCache: number;
  /** What the index holds now. */
  index: { documents: number; chunks: number };
  /** Where documents are in languages that the embedder does not read. */
  languageWarning?: LanguageWarning;
  /** Why everything was indexed again, where it was. */
  reindexed?: 'first ingest' | 'configuration changed' | 'index was missing or damaged';
  seconds: number;
}

/**
 * Brings the index in line with the sources: only what changed is read, only what was never embedded is embedded, what is
 * gone is removed. What is gone, or has another access label, goes first, before anything is read. Documents become visible
 * batch by batch, each batch all at once; killed at any moment, the index is what the last batch left and the next ingest
 * continues from there. A document that cannot be read or parsed is a problem in the report and stops nothing: its last good
 * version stays if its bytes could not be read, and is removed if they hold no document.
 *
 * @throws LockedError when another process is writing
 * @throws SourceError when no source can be listed; nothing is removed then
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
    const {
      runId: _,
      problems,
      unavailable,
      index,
      reindexed: __,
      languageWarning: ___,
      ...metrics
    } = report;
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: {
        ...metrics,
        problems: problems.length,
        unavailable: unavailable.length,
        indexChunks: index.chunks,
      },
    });
    return report;
  } catch (error) {
    const interrupted = signal?.aborted
      ? new InterruptedError({
          domain: 'ingest',
          message: `The ingest was stopped after ${progress.done} of ${counted(progress.total, 'document')}.`,
          cause: error,
        })
      : undefined;
    await finishFailedRun(catalog, run.id, interrupted ?? error, { signal });
    throw interrupted ?? error;
  }
}

async function bringInLine(
  options: IngestOptions,
  runId: string,
  progress: { done: number; total: number },
): Promise<IngestReport> {
  const { catalog, store, embedder, signal, onProgress } = options;
  using heapGrowth = holdHeapGrowth();
  const started = performance.now();
  const { state, reindexed } = await openIndex(options);
  const listing = await listSources(options.sources, options);
  const compared = await catalog.listing.compare(listing.unlisted, listing.unavailable);
  const report: IngestReport = {
    runId,
    added: 0,
    changed: 0,
    relabelled: 0,
    removed: 0,
    unchanged: compared.unchanged,
    forgotten: listing.forgotten,
    unavailable: listing.unavailable,
    problems: [...listing.problems, ...compared.problems.map(toIngestProblem)],
    chunks: 0,
    embedded: 0,
    fromCache: 0,
    index: { documents: 0, chunks: 0 },
    ...(reindexed && { reindexed }),
    seconds: 0,
  };
  progress.total = compared.work;

  let seq = state.committedSeq;
  // One batch is read while the one before it is embedded, and progress is reported for both together.
  let reading: string | undefined;
  let embedding = { documents: 0, chunks: 0 };
  const removed = new Set(compared.gone.map(({ id }) => id));
  await commitBatch({ ...emptyBatch(), remove: removed, resolved: compared.resolved });
  const batches = prepareBatches({
    ...options,
    state,
    // Only these can come back under another uri.
    removed: new Set(compared.gone.filter(({ id, uri }) => id !== uri).map(({ id }) => id)),
    moved: compared.moved,
    batchChunks: options.batchChunks ?? 512,
    onReading(what) {
      reading = what;
      tell();
    },
  });
  // One batch is parsed while the one before is embedded: the embedder works in threads of its own.
  const read = () => batches.next().finally(() => (reading = undefined));
  let next = read();
  try {
    for (;;) {
      const { value: batch, done } = await next;
      if (done) break;
      if (batch.urgent) {
        await commitBatch(batch);
        next = read();
        continue;
      }
      next = read();
      next.catch(() => {}); // Awaited in the next round, unless this one throws first.
      await commitBatch(batch);
    }
  } finally {
    await batches.return();
  }

  onProgress?.({ stage: 'updating the index', done: 0, unit: 'steps' });
  await store.maintain({ generation: state.generation, seq });
  await catalog.listing.finish(listing.checks);
  const { documents, chunks } = await catalog.documents.count();
  if (isOutdated(state.separation, chunks))
    await catalog.index.setSeparation(
      await measureSeparation(options, { generation: state.generation, seq }, { ...(signal && { signal }) }),
    );
  const languageWarning = await checkEmbedderLanguage({ catalog, embedder, ...(signal && { signal }) });
  return {
    ...report,
    index: { documents, chunks },
    ...(languageWarning && { languageWarning }),
    seconds: (performance.now() - started) / 1000,
  };

  async function commitBatch(batch: Batch): Promise<void> {
    heapGrowth.look();
    const chunks = batch.put.flatMap((prepared) => prepared.chunks.map((chunk) => ({ prepared, chunk })));
    const texts = chunks.map(({ chunk }) => embeddedText(chunk));
    const { vectors, hashes, embedded, fromCache } = await embedTexts(texts, {
      cache: catalog.embeddings,
      embedder,
      embedderHash: state.embedderHash,
      dimensions: state.dimensions,
      onEmbedded(count) {
        const documents = Math.floor((batch.worked * count) / Math.max(1, chunks.length));
        embedding = { documents, chunks: count };
        tell();
      },
      ...(signal && { signal }),
    });
    signal?.throwIfAborted();

    const at: Snapshot = { generation: state.generation, seq: seq + 1 };
    const goes = [
      ...batch.put.filter(({ kind }) => kind !== 'added').map(({ document }) => document.id),
      ...batch.remove,
    ];
    for (let from = 0; from < goes.length; from += idsPerCall)
      await store.remove(goes.slice(from, from + idsPerCall), at);
    await store.add(
      chunks.map(({ prepared: { document }, chunk: { searchPrefix, ...chunk } }, i) => ({
        ...chunk,
        uri: document.uri,
        title: document.title,
        access: document.access,
        metadata: document.metadata,
        terms: documentTermsOf(
          textForSearch({ ...chunk, ...(searchPrefix !== undefined && { searchPrefix }) }),
          document.language,
        ),
        vector: vectors[i]!,
      })),
      at,
    );
    if (goes.length + chunks.length > 0) await store.flush();
    const changesIndex = goes.length + chunks.length + batch.problems.length + batch.resolved.length > 0;
    if (changesIndex) {
      const indexedAt = new Date().toISOString();
      let first = 0;
      await catalog.index.commit({
        seq: at.seq,
        put: batch.put.map(({ document, chunks: { length } }) => ({
          ...document,
          chunkCount: length,
          addedSeq: at.seq,
          indexedAt,
          textHashes: hashes.slice(first, (first += length)),
          definitions: definitionsIn(document),
        })),
        remove: [...batch.remove],
        problems: batch.problems,
        resolved: batch.resolved,
      });
      seq = at.seq;
    }
    if (batch.touched.length > 0) await catalog.documents.setChangeMarks(batch.touched);

    const count = (wanted: Prepared['kind']) => batch.put.filter(({ kind }) => kind === wanted).length;
    report.added += count('added');
    report.changed += count('changed');
    report.relabelled += count('relabelled');
    report.removed += batch.remove.size - batch.broughtBack;
    report.unchanged += batch.touched.length;
    report.forgotten += batch.forgotten;
    report.problems.push(...batch.problems.map((problem) => toIngestProblem(problem)), ...batch.notes);
    report.chunks += chunks.length;
    report.embedded += embedded;
    report.fromCache += fromCache;
    progress.done += batch.worked;
    embedding = { documents: 0, chunks: 0 };
    if (batch.worked > 0) tell();
  }

  function tell(): void {
    const chunks = counted(report.chunks + embedding.chunks, 'chunk');
    onProgress?.({
      stage: 'ingesting',
      done: progress.done + embedding.documents,
      total: progress.total,
      unit: 'documents',
      detail: reading === undefined ? chunks : `${chunks}; reading ${reading}`,
    });
  }
}

/** A tenth more or fewer passages hardly change what was measured of them. */
function isOutdated(separation: IndexState['separation'], chunks: number): boolean {
  return !separation || Math.abs(separation.chunks - chunks) > chunks / 10;
}

/** Ids in one filter: a store does not take lists of any length. */
const idsPerCall = 500;

/** The index as the configuration wants it: the one that is there, or a new and empty one. */
async function openIndex({
  catalog,
  store,
  embedder,
  chunking,
  signal,
}: IngestOptions): Promise<{ state: IndexState; reindexed?: IngestReport['reindexed'] }> {
  tokenLimits(embedder, chunking); // Before an index is made that no document could enter.
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
