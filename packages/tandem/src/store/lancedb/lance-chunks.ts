import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as lancedb from '@lancedb/lancedb';
import { Field, FixedSizeList, Float32, Int32, List, Schema, Utf8 } from 'apache-arrow';
import { DiskFullError } from '../../core/errors/disk-full-error.ts';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import type {
  ChunkFilter,
  ChunkRow,
  ScoredChunk,
  SearchOptions,
  Snapshot,
  StoredChunk,
} from '../chunk-table.ts';
import { checkDimensions } from '../dimensions.ts';
import { isImpossible, metadataPairs, wantedPairs } from '../filter.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { functionStems, withAbbreviationsMarked } from '../search-words.ts';
import type { VectorStore } from '../vector-store.ts';
import { createFileSync } from './file-sync.ts';

/** How words are made from text; measured on train questions by `bench/retrieve.ts`. */
export interface FullTextSettings {
  /** Leave function words out, but for those in capitals: see `search-words.ts`. Default true. */
  removeStopWords?: boolean;
  /** Snowball stemming of English: "symptoms" finds "symptom". Default true. */
  stem?: boolean;
}

export interface LanceStoreOptions {
  fullText?: FullTextSettings;
  /** Rows from which an approximate vector index is kept; below, comparing with every row is faster. */
  vectorIndexFrom?: number;
  /** Parts of the vector index that a search looks into first: more find more and take longer. Default 20. */
  probes?: number;
}

export class LanceStore implements VectorStore, LexicalIndex {
  #directory: string;
  #connection: lancedb.Connection;
  #fullText: Required<FullTextSettings>;
  #vectorIndexFrom: number;
  #probes: number;
  #tables = new Map<number, lancedb.Table>();
  #files: ReturnType<typeof createFileSync>;
  /** Rows were deleted since the last maintenance: the full-text index still counts their words. */
  #deleted = false;

  static async open(directory: string, options: LanceStoreOptions): Promise<LanceStore> {
    // 0: every query looks for a newer version, so that a reader sees what another process commits.
    const connection = await lancedb.connect(directory, { readConsistencyInterval: 0 });
    return new LanceStore(directory, connection, options);
  }

  private constructor(directory: string, connection: lancedb.Connection, options: LanceStoreOptions) {
    this.#directory = directory;
    this.#connection = connection;
    this.#fullText = { removeStopWords: true, stem: true, ...options.fullText };
    this.#vectorIndexFrom = options.vectorIndexFrom ?? 20_000;
    this.#probes = options.probes ?? 20;
    this.#files = createFileSync(directory);
  }

  async prepare({
    generation,
    dimensions,
    committedSeq,
  }: {
    generation: number;
    dimensions: number;
    committedSeq: number;
  }): Promise<void> {
    await this.#explained(async () => {
      mkdirSync(this.#directory, { recursive: true });
      const name = tableName(generation);
      for (const other of await this.#connection.tableNames())
        if (other !== name) await rm(join(this.#directory, `${other}.lance`), { recursive: true });
      let table = await this.#readable(generation);
      if (table && (await dimensionsOf(table)) !== dimensions) table = undefined;
      table ??= await this.#create(generation, dimensions);
      // Written, never committed: the process died, or the disk was full, before the catalogue moved on.
      await this.#deleteWhere(table, `added_seq > ${committedSeq}`);
      const tooEarly = `removed_seq > ${committedSeq} AND removed_seq < ${never}`;
      if (await table.countRows(tooEarly))
        await table.update({ where: tooEarly, values: { removed_seq: never } });
      await this.#deleteWhere(table, `removed_seq <= ${committedSeq}`);
      await this.flush();
    });
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    await this.#explained(async () => {
      const table = await this.#table(at.generation);
      checkDimensions(rows, await dimensionsOf(table));
      await this.#again(() =>
        table
          .mergeInsert('key')
          .whenMatchedUpdateAll()
          .whenNotMatchedInsertAll()
          .execute(rows.map((row) => toRecord(row, at.seq))),
      );
    });
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length === 0) return;
    await this.#explained(async () => {
      const table = await this.#table(at.generation);
      const gone = `document_id IN (${documentIds.map(quote).join(', ')}) AND added_seq < ${at.seq} AND removed_seq = ${never}`;
      await this.#again(() => table.update({ where: gone, values: { removed_seq: at.seq } }));
    });
  }

  async flush(): Promise<void> {
    await this.#explained(() => this.#files.sync());
  }

  async maintain(at: Snapshot): Promise<void> {
    await this.#explained(async () => {
      const table = await this.#table(at.generation);
      await this.#deleteWhere(table, `removed_seq <= ${at.seq}`);
      const unindexed = (await table.indexStats('search_text_idx'))?.numUnindexedRows;
      if (unindexed === 0 && !this.#deleted) return;
      const rows = await table.countRows();
      // Merges small files, adds new rows to the indices, drops old versions. A reader in another process opens the newest
      // version for each query, so a minute covers every query in flight.
      await table.optimize({ cleanupOlderThan: new Date(Date.now() - 60_000) });
      // Made anew while that is cheap: word statistics then do not depend on how the rows came and went.
      if (rows <= rebuildUpTo) await this.#createFullTextIndex(table);
      if (rows >= this.#vectorIndexFrom) {
        // Each round of new rows is a part of its own, and every part is searched.
        const parts = (await table.indexStats('vector_idx'))?.numIndices ?? 0;
        if (parts === 0 || parts > 8) await this.#createVectorIndex(table, rows);
      }
      this.#deleted = false;
      await this.flush();
    });
  }

  /**
   * A deleted row stays in its file, its words in the full-text index and its code in the vector index, until these are
   * written anew: so they are, all of them. About as long as making the index from known vectors.
   */
  async purge(at: Snapshot): Promise<void> {
    await this.#explained(async () => {
      const table = await this.#readable(at.generation);
      if (!table) return;
      await this.#deleteWhere(table, `removed_seq <= ${at.seq}`);
      // An update writes its rows into new files, and a file without rows is dropped with the versions that know it.
      await table.update({ where: 'true', valuesSql: { removed_seq: 'removed_seq' } });
      await this.#createFullTextIndex(table);
      const rows = await table.countRows();
      if ((await table.listIndices()).some(({ name }) => name === 'vector_idx')) {
        if (rows >= this.#vectorIndexFrom) await this.#createVectorIndex(table, rows);
        else await table.dropIndex('vector_idx');
      }
      await table.optimize({ cleanupOlderThan: new Date(), deleteUnverified: true });
      this.#deleted = false;
      await this.flush();
    });
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    return await this.#explained(async () => {
      const table = await this.#readable(at.generation);
      return table && !isImpossible(filter) ? await table.countRows(where(at, filter)) : 0;
    });
  }

  async chunks(at: Snapshot, filter?: ChunkFilter): Promise<StoredChunk[]> {
    return await this.#explained(async () => {
      if (isImpossible(filter)) return [];
      const table = await this.#table(at.generation);
      const records = await table.query().where(where(at, filter)).select(columns).toArray();
      return records
        .map(toChunk)
        .sort((a, b) => compare(a.documentId, b.documentId) || a.ordinal - b.ordinal);
    });
  }

  async searchVector(
    vector: Float32Array,
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    return await this.#explained(async () => {
      signal?.throwIfAborted();
      const table = await this.#table(at.generation);
      checkDimensions([{ vector }], await dimensionsOf(table));
      if (isImpossible(filter)) return [];
      // Probes and refineFactor are for tables with an index; without one every row is compared. Where a narrow filter leaves
      // fewer rows than asked for in the nearest parts, the others are looked at as well (0: as many as it takes).
      const records = await table
        .query()
        .nearestTo(vector)
        .column('vector')
        .distanceType('cosine')
        .minimumNprobes(this.#probes)
        .maximumNprobes(0)
        .refineFactor(10)
        .where(where(at, filter))
        .select([...columns, '_distance', ...(withVectors ? ['vector'] : [])])
        .limit(limit)
        .toArray();
      signal?.throwIfAborted();
      return ranked(records.map((record) => toScored(record, 1 - record._distance)));
    });
  }

  async searchText(
    query: string,
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    return await this.#explained(async () => {
      signal?.throwIfAborted();
      const table = await this.#table(at.generation);
      if (isImpossible(filter)) return [];
      const records = await table
        .query()
        // A match query has no syntax: its text only goes through the index's tokenizer.
        .fullTextSearch(new lancedb.MatchQuery(withAbbreviationsMarked(query), 'search_text'))
        .where(where(at, filter))
        .select([...columns, '_score', ...(withVectors ? ['vector'] : [])])
        .limit(limit)
        .toArray();
      signal?.throwIfAborted();
      return ranked(records.map((record) => toScored(record, record._score)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const table of this.#tables.values()) table.close();
    this.#tables.clear();
    this.#connection.close();
  }

  async #table(generation: number): Promise<lancedb.Table> {
    const table = await this.#readable(generation);
    if (table) return table;
    throw new IndexMissingError({
      domain: 'store',
      message: `The search index in ${this.#directory} is missing or cannot be read.`,
    });
  }

  async #readable(generation: number): Promise<lancedb.Table | undefined> {
    const open = this.#tables.get(generation);
    if (open && existsSync(join(this.#directory, `${tableName(generation)}.lance`))) return open;
    this.#tables.delete(generation);
    try {
      const table = await this.#connection.openTable(tableName(generation));
      const fields = (await table.schema()).fields.map(({ name }) => name);
      if (
        fields.join() !==
        schema(1)
          .fields.map(({ name }) => name)
          .join()
      )
        return undefined;
      this.#tables.set(generation, table);
      return table;
    } catch {
      return undefined; // Not there, damaged, or of another version of Tandem. It is derived data: `prepare` makes it anew, searching says so.
    }
  }

  async #create(generation: number, dimensions: number): Promise<lancedb.Table> {
    await rm(join(this.#directory, `${tableName(generation)}.lance`), { recursive: true, force: true });
    const table = await this.#connection.createEmptyTable(tableName(generation), schema(dimensions));
    await this.#createFullTextIndex(table);
    await table.setUnenforcedPrimaryKey('key');
    this.#tables.set(generation, table);
    return table;
  }

  async #deleteWhere(table: lancedb.Table, condition: string): Promise<void> {
    if ((await table.countRows(condition)) === 0) return;
    await table.delete(condition);
    this.#deleted = true;
  }

  async #createVectorIndex(table: lancedb.Table, rows: number): Promise<void> {
    // Texts that recur give equal vectors, and where there are too few different ones k-means refuses: then fewer parts.
    for (let numPartitions = Math.round(Math.sqrt(rows)); ; numPartitions = Math.floor(numPartitions / 2)) {
      try {
        await table.createIndex('vector', {
          replace: true,
          config: lancedb.Index.ivfRq({ distanceType: 'cosine', numPartitions }),
        });
        return;
      } catch (error) {
        if (numPartitions < 2 || !/non-empty clusters/.test(String(error))) throw error;
      }
    }
  }

  async #createFullTextIndex(table: lancedb.Table): Promise<void> {
    await table.createIndex('search_text', {
      replace: true,
      config: lancedb.Index.fts({
        baseTokenizer: 'simple',
        lowercase: true,
        asciiFolding: true,
        withPosition: false,
        maxTokenLength: 64,
        language: 'English',
        customStopWords: [...functionStems],
        ...this.#fullText,
      }),
    });
  }

  /** Two processes that write at once: the one whose version came second does its work again on the first one's. */
  async #again<T>(write: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await write();
      } catch (error) {
        if (attempt === 20 || !/conflict/i.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, 10 * attempt * (0.5 + Math.random())));
      }
    }
  }

  /** LanceDB's errors are text: a full disk is told by what the operating system said. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      if (/No space left on device|os error 28|ENOSPC|File too large|EDQUOT|quota/i.test(String(error)))
        throw new DiskFullError({ path: this.#directory, domain: 'store', cause: error });
      throw error;
    }
  }
}

/** Rows up to which the full-text index is made anew at each change: a fifth of a second for ten thousand. */
const rebuildUpTo = 20_000;

const tableName = (generation: number) => `chunks_${generation}`;

/** `removed_seq` of a row that is there: a number rather than null, so that one comparison tells. */
const never = 2 ** 31 - 1;

const columns = [
  'id',
  'document_id',
  'ordinal',
  'start',
  'end',
  'text',
  'heading_path',
  'prefix',
  'page',
  'uri',
  'title',
  'access',
  'metadata',
  'added_seq',
];

function schema(dimensions: number): Schema {
  const utf8 = (name: string) => new Field(name, new Utf8(), false);
  const int = (name: string, nullable = false) => new Field(name, new Int32(), nullable);
  return new Schema([
    utf8('key'),
    utf8('id'),
    utf8('document_id'),
    int('ordinal'),
    int('start'),
    int('end'),
    utf8('text'),
    utf8('heading_path'),
    utf8('prefix'),
    int('page', true),
    utf8('uri'),
    utf8('title'),
    utf8('access'),
    utf8('metadata'),
    new Field('metadata_pairs', new List(new Field('item', new Utf8(), true)), false),
    utf8('search_text'),
    int('added_seq'),
    int('removed_seq'),
    new Field('vector', new FixedSizeList(dimensions, new Field('item', new Float32(), true)), false),
  ]);
}

function toRecord(row: ChunkRow, seq: number): Record<string, unknown> {
  return {
    key: `${seq} ${row.id}`,
    id: row.id,
    document_id: row.documentId,
    ordinal: row.ordinal,
    start: row.start,
    end: row.end,
    text: row.text,
    heading_path: JSON.stringify(row.headingPath),
    prefix: row.prefix ?? '',
    page: row.page ?? null,
    uri: row.uri,
    title: row.title,
    access: row.access,
    metadata: row.metadata ? JSON.stringify(row.metadata) : '',
    metadata_pairs: metadataPairs(row.metadata),
    search_text: withAbbreviationsMarked(row.searchText),
    added_seq: seq,
    removed_seq: never,
    vector: row.vector,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: LanceDB gives its rows as `any`
function toChunk(record: any): StoredChunk {
  return {
    id: record.id,
    documentId: record.document_id,
    ordinal: record.ordinal,
    start: record.start,
    end: record.end,
    text: record.text,
    headingPath: JSON.parse(record.heading_path),
    ...(record.prefix === '' ? {} : { prefix: record.prefix }),
    ...(record.page === null ? {} : { page: record.page }),
    uri: record.uri,
    title: record.title,
    access: record.access,
    ...(record.metadata === '' ? {} : { metadata: JSON.parse(record.metadata) }),
    addedSeq: record.added_seq,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: LanceDB gives its rows as `any`
function toScored(record: any, score: number): ScoredChunk {
  const chunk = toChunk(record);
  return record.vector ? { chunk, score, vector: Float32Array.from(record.vector) } : { chunk, score };
}

async function dimensionsOf(table: lancedb.Table): Promise<number> {
  const { fields } = await table.schema();
  return fields.find(({ name }) => name === 'vector')!.type.listSize;
}

/** Best first, ties by id: the same search gives the same order whatever the rows' order on disk. */
function ranked(found: ScoredChunk[]): ScoredChunk[] {
  return found.sort((a, b) => b.score - a.score || compare(a.chunk.id, b.chunk.id));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function where(at: Snapshot, filter: ChunkFilter = {}): string {
  const conditions = [`added_seq <= ${at.seq}`, `removed_seq > ${at.seq}`];
  const isIn = (column: string, values: readonly string[]) =>
    `${column} IN (${values.map(quote).join(', ')})`;
  if (filter.documentIds) conditions.push(isIn('document_id', filter.documentIds));
  if (filter.excludeDocumentIds?.length)
    conditions.push(`NOT ${isIn('document_id', filter.excludeDocumentIds)}`);
  if (filter.access) conditions.push(isIn('access', filter.access));
  for (const pairs of wantedPairs(filter))
    conditions.push(`array_has_any(metadata_pairs, [${pairs.map(quote).join(', ')}])`);
  return conditions.join(' AND ');
}

/** An SQL string literal: in DataFusion's dialect the quote is the only character to escape. */
const quote = (value: string) => `'${value.replaceAll("'", "''")}'`;
