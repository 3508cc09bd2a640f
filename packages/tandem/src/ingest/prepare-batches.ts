import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type {
  Catalog,
  DocumentProblem,
  IndexedDocument,
  IndexState,
  ListedWork,
} from '../catalog/catalog.ts';
import { type ChunkOptions, chunkDocument } from '../chunk/chunk-document.ts';
import type { EmbeddableChunk } from '../chunk/embedded-text.ts';
import { SourceError } from '../core/errors/source-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { sha256 } from '../core/hash.ts';
import type { Document } from '../core/types/document.ts';
import type { Chunking } from '../index/chunking.ts';
import { tokenLimits } from '../index/token-limits.ts';
import { contentHashOf, parseDocument } from '../parse/parse-document.ts';
import type { LoadedEntry, Source, SourceEntry } from '../sources/source.ts';
import { detectLanguage, toldLanguage } from '../text/language.ts';
import { embedTexts } from './embed-chunks.ts';
import type { IngestProblem } from './list-sources.ts';

/** A document cut into chunks, ready to be embedded and written. */
export interface Prepared {
  document: Omit<IndexedDocument, 'chunkCount' | 'addedSeq' | 'indexedAt'>;
  chunks: EmbeddableChunk[];
  /** `relabelled`: only the access label differs from the version that it replaces. */
  kind: 'added' | 'changed' | 'relabelled';
}

/** What becomes visible in one commit. */
export interface Batch {
  put: Prepared[];
  /** Ids of documents to remove. */
  remove: Set<string>;
  problems: DocumentProblem[];
  resolved: string[];
  /** Documents with the same bytes under another change mark. */
  touched: { id: string; changeMark: string }[];
  /** Pieces of documents that could not be read: reported, but not failures. */
  notes: IngestProblem[];
  /** Documents passed over because they were forgotten on purpose. */
  forgotten: number;
  /** Documents of `put` that an earlier commit of this run removed under another uri. */
  broughtBack: number;
  /** How many pieces of the work went into it. */
  worked: number;
  /** Other access labels: to be committed before anything else is done. */
  urgent: boolean;
}

export const emptyBatch = (): Batch => ({
  put: [],
  remove: new Set(),
  problems: [],
  resolved: [],
  touched: [],
  notes: [],
  forgotten: 0,
  broughtBack: 0,
  worked: 0,
  urgent: false,
});

export interface PrepareOptions {
  catalog: Catalog;
  sources: readonly Source[];
  embedder: EmbeddingModelV4;
  state: IndexState;
  chunking: Chunking;
  /** Ids of documents that this run has removed already. */
  removed: ReadonlySet<string>;
  /** Documents that nothing lists any more, but that may have moved. */
  moved: number;
  batchChunks: number;
  /** Called with each document that is begun, and with each page of those that have pages. */
  onReading?: (what: string) => void;
  signal?: AbortSignal;
}

/**
 * Does the work that `catalog.listing` has, in its order: loads, parses, cuts. Gives batches of about `batchChunks` chunks, so
 * that no more than those two or three are ever in memory; each must be committed before the next but one is asked for. The
 * last one also removes documents that might have moved and did not appear elsewhere.
 */
export async function* prepareBatches(options: PrepareOptions): AsyncGenerator<Batch, void, undefined> {
  const { catalog, sources, signal, batchChunks, onReading } = options;
  const chunkOptions = await chunkOptionsFor(options);
  const forgotten = await catalog.forgotten.hashes();
  const places = createPlaces(catalog);
  const removed = new Set(options.removed);
  let { moved } = options;
  let batch = emptyBatch();
  let chunks = 0;
  /** An id that another file still has: that file may give it up later in this run. */
  const waiting: ListedWork[] = [];

  for (let after = 0; ; ) {
    const page = await catalog.listing.work(after, 100);
    for (const work of page) {
      if (work.kind !== 'relabel' && batch.urgent) yield* done(batchChunks);
      if (work.kind === 'relabel') batch.urgent = true;
      yield* done(await attempt(work, workOn));
      after = work.rank;
    }
    if (page.length === 0) break;
  }
  for (const work of waiting) {
    batch.worked--;
    yield* done(await attempt(work, claim));
  }
  for (const { id, uri } of await catalog.listing.restOfMoved()) giveUp(uri, id);
  yield batch;

  /** Yields the batch when it has grown large enough. */
  async function* done(more: number): AsyncGenerator<Batch, void, undefined> {
    chunks += more;
    if (chunks < batchChunks && batch.touched.length + batch.problems.length < 1000) return;
    const full = batch;
    batch = emptyBatch();
    chunks = 0;
    places.next();
    yield full;
  }

  /** The number of chunks that it made. A document's own failure is a problem, any other ends the ingest. */
  async function attempt(work: ListedWork, step: (work: ListedWork) => Promise<number>): Promise<number> {
    signal?.throwIfAborted();
    batch.worked++;
    onReading?.(fileName(work.uri));
    try {
      return await step(work);
    } catch (error) {
      signal?.throwIfAborted();
      return await fail(error, work);
    }
  }

  async function workOn(work: ListedWork): Promise<number> {
    const { before, uri } = work;
    if (work.kind === 'relabel' && before) return await relabel(work, before.id);
    const source = sources[work.source]!;
    const entry = work.entry as SourceEntry;
    const readAt = new Date().toISOString();
    const loaded = await source.load(entry, signal && { signal });
    if (before && before.contentHash === contentHashOf(loaded.bytes, entry.reading)) {
      batch.resolved.push(uri);
      if (before.accessFromSource && before.access !== labelOf(work)) return await relabel(work, before.id);
      batch.touched.push({ id: before.id, changeMark: work.changeMark });
      return 0;
    }
    const { document, accessFromSource } = await parseEntry(entry, loaded, options);
    const bytes = [...new Set([document.contentHash, contentHashOf(loaded.bytes)])];
    const names = forgotten.size > 0 ? [document.id, ...bytes.map((hash) => `bytes:${hash}`)] : [];
    const met = names.find((name) => forgotten.has(sha256(name)));
    if (met !== undefined) {
      await catalog.forgotten.alsoAt(met, uri);
      if (before) giveUp(uri, before.id);
      batch.forgotten++;
      return 0;
    }
    const idBefore = await places.idAt(uri);
    if (idBefore !== undefined && idBefore !== document.id) giveUp(uri, idBefore);
    if (await isTaken(document)) {
      waiting.push(work);
      return 0;
    }
    return await put(work, document, { accessFromSource, readAt });
  }

  /** Second try for a document whose id another file had. */
  async function claim(work: ListedWork): Promise<number> {
    const readAt = new Date().toISOString();
    const entry = work.entry as SourceEntry;
    const loaded = await sources[work.source]!.load(entry, signal && { signal });
    const { document, accessFromSource } = await parseEntry(entry, loaded, options);
    if (await isTaken(document)) throw idTaken(document, (await places.uriOf(document.id))!);
    return await put(work, document, { accessFromSource, readAt });
  }

  /** Another file has its id, and is still listed. */
  async function isTaken({ id, uri }: Document): Promise<boolean> {
    const owner = await places.uriOf(id);
    if (owner === undefined || owner === uri) return false;
    if (moved === 0 || !(await catalog.listing.takeMoved({ uri: owner }))) return true;
    moved--;
    return false;
  }

  async function put(
    work: ListedWork,
    document: Document,
    { accessFromSource, readAt }: { accessFromSource: boolean; readAt: string },
  ): Promise<number> {
    const { uri, sourceId, changeMark } = work;
    const made = await chunkDocument(document, chunkOptions);
    if (made.length === 0)
      throw new UnreadableDocumentError({
        uri,
        reason: 'empty',
        message: `${uri} has headings only: there is no text in it to find.`,
        hint: 'Fill it, delete it, or exclude it from the source.',
      });
    for (const message of partsNotRead(document)) batch.notes.push({ uri, kind: 'partial', message });
    // The same bytes under a new name: the old one goes in the same commit, so that neither is ever missing.
    const twin =
      work.kind === 'new' && moved > 0
        ? await catalog.listing.takeMoved({ contentHash: document.contentHash })
        : undefined;
    if (twin) {
      moved--;
      if (twin.id !== document.id) giveUp(twin.uri, twin.id);
    }
    const owner = await places.uriOf(document.id);
    const earlier = owner === undefined ? undefined : await catalog.documents.get(document.id);
    const sameText = earlier !== undefined && isSameText(earlier, document);
    if (owner !== undefined && owner !== uri) places.leave(owner);
    places.put(uri, document.id);
    const isBack = removed.delete(document.id);
    if (isBack) batch.broughtBack++;
    // Removed under its old uri earlier in this batch: then it is replaced instead.
    const isKnown = owner !== undefined || isBack || batch.remove.has(document.id);
    batch.remove.delete(document.id);
    const language = toldLanguage(document.metadata) ?? (await detectLanguage(document.text));
    batch.put.push({
      document: {
        ...document,
        ...(language !== undefined && { language }),
        sourceId,
        changeMark,
        accessFromSource,
        readAt,
        changedAt: sameText ? earlier.changedAt : readAt,
      },
      chunks: made,
      kind: !isKnown
        ? 'added'
        : sameText && earlier.uri === uri && sameMetadata(earlier, document)
          ? 'relabelled'
          : 'changed',
    });
    return made.length;
  }

  /** The document as the catalogue has it, under the label that its source now gives; nothing is read or parsed. */
  async function relabel(work: ListedWork, id: string, changeMark = work.changeMark): Promise<number> {
    const stored = await catalog.documents.get(id);
    if (!stored) return 0;
    const { chunkCount: _, addedSeq: __, indexedAt: ___, ...document } = stored;
    const made = await chunkDocument(document, chunkOptions);
    const access = labelOf(work);
    batch.put.push({
      document: { ...document, access, sourceId: work.sourceId, changeMark },
      chunks: made,
      kind: 'relabelled',
    });
    return made.length;
  }

  /** Removes the document at this uri. */
  function giveUp(uri: string, id: string): void {
    places.leave(uri, id);
    batch.remove.add(id);
  }

  async function fail(error: unknown, work: ListedWork): Promise<number> {
    if (!isAboutOneDocument(error)) throw error;
    const { uri, before, sourceId, changeMark } = work;
    const noDocument = UnreadableDocumentError.isInstance(error);
    const id = noDocument ? await places.idAt(uri) : undefined;
    if (id !== undefined) giveUp(uri, id);
    batch.problems.push({
      uri,
      sourceId,
      // Bytes without a document will have none the next time either; anything else is worth another try.
      changeMark: noDocument ? changeMark : '',
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
      at: new Date().toISOString(),
    });
    // The old version stays, but it must no longer be readable under a label that its source has taken away.
    const keeps = before && !noDocument && before.accessFromSource && before.access !== labelOf(work);
    const stored = keeps ? await catalog.documents.get(before.id) : undefined;
    return stored ? await relabel(work, stored.id, stored.changeMark) : 0;
  }
}

/**
 * Which document is at which uri, and the other way round, once all that was prepared so far is committed: the catalogue's
 * word, and over it that of the batches which may not be committed yet.
 */
function createPlaces(catalog: Catalog) {
  type Ahead = Map<string, string | undefined>;
  let [uris, ids]: [Ahead, Ahead] = [new Map(), new Map()];
  let [earlierUris, earlierIds]: [Ahead, Ahead] = [new Map(), new Map()];
  const look = (key: string, ...maps: Ahead[]) => maps.find((map) => map.has(key));
  return {
    async uriOf(id: string): Promise<string | undefined> {
      const map = look(id, uris, earlierUris);
      return map ? map.get(id) : await catalog.documents.uriOf(id);
    },
    async idAt(uri: string): Promise<string | undefined> {
      const map = look(uri, ids, earlierIds);
      return map ? map.get(uri) : (await catalog.documents.at(uri))?.id;
    },
    put(uri: string, id: string): void {
      uris.set(id, uri);
      ids.set(uri, id);
    },
    leave(uri: string, id?: string): void {
      ids.set(uri, undefined);
      if (id !== undefined) uris.set(id, undefined);
    },
    /** A batch is full: the batch two before it is in the catalogue by now. */
    next(): void {
      [earlierUris, earlierIds] = [uris, ids];
      [uris, ids] = [new Map(), new Map()];
    },
  };
}

const labelOf = ({ access }: Pick<ListedWork, 'access'>) => access ?? 'public';

function isSameText(a: Document, b: Document): boolean {
  return (
    a.text === b.text &&
    a.title === b.title &&
    JSON.stringify([a.aliases, a.blocks]) === JSON.stringify([b.aliases, b.blocks])
  );
}

const sameMetadata = (a: Document, b: Document) => JSON.stringify(a.metadata) === JSON.stringify(b.metadata);

/** The end of a path or address, short enough for a line of progress. */
const fileName = (uri: string) => (/[^/\\]+[/\\]*$/.exec(uri)?.[0] ?? uri).slice(0, 60);

async function parseEntry(
  entry: SourceEntry,
  loaded: LoadedEntry,
  { onReading, signal }: Pick<PrepareOptions, 'onReading' | 'signal'>,
): Promise<{ document: Document; accessFromSource: boolean }> {
  const { uri } = entry;
  const mediaType = loaded.mediaType ?? entry.mediaType;
  try {
    const document = await parseDocument({
      uri,
      bytes: loaded.bytes,
      access: noLabelOfItsOwn,
      ...(mediaType && { mediaType }),
      ...(entry.reading && { reading: entry.reading }),
      ...(signal && { signal }),
      onPage: (page, pages) => onReading?.(`page ${page} of ${pages} of ${fileName(uri)}`),
    });
    const accessFromSource = document.access === noLabelOfItsOwn;
    return {
      document: accessFromSource ? { ...document, access: labelOf(entry) } : document,
      accessFromSource,
    };
  } catch (error) {
    if (TandemError.isInstance(error) || signal?.aborted) throw error;
    // A parser that fails on one file must not stop a thousand others.
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

/** Given to the parser in place of the source's label, to learn whether the document has one of its own. */
const noLabelOfItsOwn = '\u0000source';

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

/** How this project cuts documents. `embed` is asked by the semantic way only; its vectors are remembered like all others. */
export async function chunkOptionsFor({
  catalog,
  embedder,
  state,
  chunking,
  signal,
}: Pick<PrepareOptions, 'catalog' | 'embedder' | 'state' | 'chunking' | 'signal'>): Promise<
  ChunkOptions & Pick<Chunking, 'strategy'>
> {
  return {
    ...chunking,
    ...tokenLimits(embedder, chunking),
    async embed(texts) {
      const { vectors } = await embedTexts(texts, {
        cache: catalog.embeddings,
        embedder,
        embedderHash: state.embedderHash,
        dimensions: state.dimensions,
        ...(signal && { signal }),
      });
      return vectors;
    },
    ...(signal && { signal }),
  };
}

/** A clause for each kind of thing that a parser left out of a document, or was not sure of, and named in its metadata. */
function partsNotRead({ metadata }: Document): string[] {
  const { linesNotRead, pagesWithoutText, pagesDamaged, formulasWithoutValues, encodingDoubt } = metadata;
  const named = (thing: string, numbers: string, one: string, several: string) =>
    /[,-]/.test(numbers) ? `${thing}s ${numbers} ${several}` : `${thing} ${numbers} ${one}`;
  return [
    ...(encodingDoubt ? [encodingDoubt] : []),
    ...(linesNotRead
      ? [
          named(
            'line',
            linesNotRead,
            'could not be read and is left out.',
            'could not be read and are left out.',
          ),
        ]
      : []),
    ...(pagesWithoutText
      ? [
          `${named('page', pagesWithoutText, 'has', 'have')} no text (scanned?): run OCR (for example \`ocrmypdf --skip-text in.pdf out.pdf\`) and ingest its result.`,
        ]
      : []),
    ...(pagesDamaged
      ? [
          `${named('page', pagesDamaged, 'is damaged and is', 'are damaged and are')} left out: download or export it again.`,
        ]
      : []),
    ...(formulasWithoutValues
      ? [
          `formulas were never computed and their cells are empty (${formulasWithoutValues}): open it in Excel or LibreOffice, save it, and ingest it again.`,
        ]
      : []),
  ];
}
