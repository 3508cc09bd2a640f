import type { Document } from '@langchain/core/documents';
import { cosine } from '../../core/cosine.ts';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { StoreError } from '../../core/errors/store-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { sha256 } from '../../core/hash.ts';
import type {
  ChunkFilter,
  ChunkRow,
  IndexedState,
  KeptAfterDeletion,
  ScannedChunk,
  ScanOptions,
  ScoredChunk,
  SearchOptions,
  Snapshot,
} from '../chunk-table.ts';
import { checkDimensions } from '../dimensions.ts';
import { isImpossible, pairField } from '../filter.ts';
import { ranked } from '../ranked.ts';
import type { VectorStore } from '../vector-store.ts';
import type { LangChainStoreOptions } from './langchain-options.ts';
import { conditionOf, meets, type RowCondition } from './row-condition.ts';
import type { LoggedRow, RowLog } from './row-log.ts';

type MakeDocument = (fields: {
  id: string;
  pageContent: string;
  metadata: Record<string, unknown>;
}) => Document;

export class LangChainStore implements VectorStore {
  #log: RowLog;
  #options: LangChainStoreOptions;
  #makeDocument: MakeDocument;
  /** In this process: up to which version rows are known here, and which version of each holds. */
  #seen = 0;
  #newest = new Map<string, number>();
  /** One catching up at a time. */
  #telling: Promise<void> = Promise.resolve();

  constructor(log: RowLog, options: LangChainStoreOptions, makeDocument: MakeDocument) {
    this.#log = log;
    this.#options = options;
    this.#makeDocument = makeDocument;
  }

  async prepare(state: IndexedState): Promise<void> {
    this.#log.prepare(state);
    await this.flush();
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    checkDimensions(rows, this.#dimensionsOf(at.generation));
    this.#log.add(rows, at);
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length > 0) this.#log.remove(documentIds, at);
  }

  async flush(): Promise<void> {
    const before = this.#telling;
    this.#telling = before.catch(() => {}).then(() => this.#explained(() => this.#tellChanges()));
    await this.#telling;
  }

  async maintain(at: Snapshot): Promise<void> {
    this.#log.reap(at);
    await this.flush();
  }

  /** Of the rows' file; of what the vector store does with its disk, nothing is known here. */
  async purge(at: Snapshot): Promise<void> {
    await this.maintain(at);
    this.#log.compact();
  }

  /** Without `filter` nothing is ever deleted from the vector store, which has the text. */
  get keepsDeleted(): KeptAfterDeletion | undefined {
    const { inMemory, filter } = this.#options;
    if (inMemory) return undefined;
    return filter ? 'bytes' : 'rows';
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    return isImpossible(filter) ? 0 : this.#log.count(at, filter);
  }

  async *scan(
    at: Snapshot,
    filter?: ChunkFilter,
    options: ScanOptions = {},
  ): AsyncGenerator<ScannedChunk, void, undefined> {
    this.#dimensionsOf(at.generation);
    if (!isImpossible(filter)) yield* this.#log.scan(at, filter, options);
  }

  async searchVector(
    vector: Float32Array,
    { at, limit, filter = {}, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    signal?.throwIfAborted();
    checkDimensions([{ vector }], this.#dimensionsOf(at.generation));
    if (isImpossible(filter)) return [];
    const condition = conditionOf(at, filter);
    for (let attempt = 1; ; attempt++) {
      await this.flush();
      const documents = await this.#explained(() => this.#nearest(vector, limit, condition));
      signal?.throwIfAborted();
      const rows = documents.map(({ metadata }) => ({
        row: this.#log.get(String(metadata.key)),
        version: Number(metadata.version),
      }));
      // Another process told the vector store of an older state after this one had told it of a newer.
      const stale = rows.flatMap(({ row, version }) => (row && row.version !== version ? [row] : []));
      if (stale.length > 0 && attempt < 4) {
        await this.#explained(() => this.#tell(stale));
        continue;
      }
      return ranked(
        rows.map(({ row, version }) => {
          if (!row || row.version !== version || !meets(row, condition)) throw ignoredFilter(row);
          const score = cosine(vector, row.vector);
          return { chunk: row.chunk, score, ...(withVectors && { vector: row.vector }) };
        }),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#telling.catch(() => {});
    this.#log[Symbol.dispose]();
  }

  async #nearest(vector: Float32Array, limit: number, condition: RowCondition): Promise<Document[]> {
    const filter = this.#options.filter?.(condition) ?? this.#predicate(condition);
    const found = await this.#options.vectorStore.similaritySearchVectorWithScore(
      [...vector],
      limit,
      // biome-ignore lint/suspicious/noExplicitAny: each vector store has a filter type of its own
      filter as any,
    );
    return found.map(([document]) => document as Document);
  }

  /** For stores whose filter is a function of the document. */
  #predicate(condition: RowCondition): (document: { metadata: Record<string, unknown> }) => boolean {
    const documentIds = condition.documentIds && new Set<unknown>(condition.documentIds);
    const excluded = new Set<unknown>(condition.excludeDocumentIds);
    const access = condition.access && new Set<unknown>(condition.access);
    return ({ metadata }) =>
      this.#newest.get(metadata.key as string) === metadata.version &&
      metadata.generation === condition.generation &&
      (metadata.added_seq as number) <= condition.seq &&
      (metadata.removed_seq as number) > condition.seq &&
      (!documentIds || documentIds.has(metadata.document_id)) &&
      !excluded.has(metadata.document_id) &&
      (!access || access.has(metadata.access)) &&
      (condition.anyOfPairs ?? []).every((fields) => fields.some((field) => metadata[field] === true));
  }

  async #tellChanges(): Promise<void> {
    for (;;) {
      const changes = this.#log.changes(this.#seen, 500);
      if (changes.length === 0) return;
      // Opened anew over a store that keeps what it was told: only what is newer is told, but all is known here.
      const told = this.#options.inMemory ? 0 : this.#log.told;
      await this.#tell(changes.filter(({ version }) => version > told));
      for (const { key, version, deleted } of changes)
        if (deleted) this.#newest.delete(key);
        else this.#newest.set(key, version);
      this.#seen = changes.at(-1)!.version;
      if (!this.#options.inMemory && this.#seen > told) this.#log.told = this.#seen;
    }
  }

  async #tell(rows: readonly LoggedRow[]): Promise<void> {
    const { vectorStore, filter } = this.#options;
    if (filter && rows.length > 0) await vectorStore.delete({ ids: rows.map(idOf) });
    const present = rows.filter(({ deleted }) => !deleted);
    if (present.length === 0) return;
    await vectorStore.addVectors(
      present.map(({ vector }) => [...vector]),
      present.map((row) =>
        this.#makeDocument({
          id: idOf(row),
          pageContent: row.chunk.text,
          metadata: {
            key: row.key,
            version: row.version,
            generation: row.generation,
            document_id: row.documentId,
            access: row.access,
            added_seq: row.addedSeq,
            removed_seq: row.removedSeq,
            ...Object.fromEntries(row.pairs.map((pair) => [pairField(pair), true])),
          },
        }),
      ),
      { ids: present.map(idOf) },
    );
  }

  #dimensionsOf(generation: number): number {
    const found = this.#log.dimensions(generation);
    if (found !== undefined) return found;
    throw new IndexMissingError({
      domain: 'store',
      message: `There is no search index of generation ${generation} in ${this.#options.file}.`,
    });
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      throw new StoreError({
        store: 'langchain',
        cause: error,
        message: `The LangChain vector store failed: ${String((error as Error).message).replace(/\.$/, '')}.`,
        hint: 'See the package that the vector store comes from.',
      });
    }
  }
}

function ignoredFilter(row: LoggedRow | undefined): StoreError {
  return new StoreError({
    store: 'langchain',
    message: `The LangChain vector store gave ${row ? `the chunk ${row.chunk.id ?? row.key}, which` : 'a row that'} its filter leaves out.`,
    hint: 'Give openLangChainStore a `filter` that writes the condition in the language of this vector store.',
  });
}

/** A UUID, which some stores insist on; of the row, whatever its version. */
function idOf({ key }: LoggedRow): string {
  return sha256(key).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
}
