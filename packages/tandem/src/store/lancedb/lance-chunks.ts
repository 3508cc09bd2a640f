import { existsSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as lancedb from '@lancedb/lancedb';
import { DiskFullError } from '../../core/errors/disk-full-error.ts';
import { IndexDamagedError } from '../../core/errors/index-damaged-error.ts';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import {
  type ChunkFilter,
  type ChunkRow,
  type IndexedState,
  notRemoved,
  type ScannedChunk,
  type ScanOptions,
  type ScoredChunk,
  type SearchOptions,
  type Snapshot,
  type StoredChunk,
} from '../chunk-table.ts';
import { checkDimensions } from '../dimensions.ts';
import { isImpossible, wantedPairs } from '../filter.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { ranked } from '../ranked.ts';
import { rowsPerRead } from '../scan.ts';
import type { VectorStore } from '../vector-store.ts';
import { createFileSync } from './file-sync.ts';
import { fromTable, rowColumns, rowSchema, toTable } from './lance-rows.ts';

/** When an approximate vector index is kept, and how widely it is searched. */
export interface LanceStoreOptions {
  /** Rows from which an approximate vector index is kept; below, comparing with every row is faster. */
  vectorIndexFrom?: number;
  /**
   * Parts of the vector index. Default √rows / 4, and fewer where there are not so many different vectors. Codes are so short that
   * looking into many parts costs more than the rows in them: at a million rows 250 parts are searched in half the time of 1000.
   */
  parts?: number;
  /** Parts that a search looks into: more find more and take longer. Default 200: all of them up to 640,000 rows. */
  probes?: number;
}

interface View {
  /** Of this handle, which is another one where the table was made anew. */
  of: lancedb.Table;
  version: number;
  table: lancedb.Table;
  dimensions: number;
  /** Snapshot → how many rows it does not see. */
  hidden: Map<number, Promise<number>>;
}

export class LanceStore implements VectorStore, LexicalIndex {
  #directory: string;
  #connection: lancedb.Connection;
  #vectorIndexFrom: number;
  #parts: number | undefined;
  #probes: number;
  #tables = new Map<number, lancedb.Table>();
  /** Generation → the commit after which there were no rows when this store prepared it, and has written none since. */
  #newAfter = new Map<number, number>();
  /** What was searched last, and what of it each snapshot sees. */
  #view: View | undefined;
  #files: ReturnType<typeof createFileSync>;
  /** Rows were deleted since the last maintenance: the full-text index still counts their words. */
  #deleted = false;

  static async open(directory: string, options: LanceStoreOptions): Promise<LanceStore> {
    // 0: every query looks for a newer version, so that a reader sees what another process commits.
    const connection = await lancedb.connect(directory, {
      readConsistencyInterval: 0,
      session: new lancedb.Session(BigInt(indexCacheBytes), BigInt(metadataCacheBytes)),
    });
    return new LanceStore(directory, connection, options);
  }

  private constructor(directory: string, connection: lancedb.Connection, options: LanceStoreOptions) {
    this.#directory = directory;
    this.#connection = connection;
    this.#vectorIndexFrom = options.vectorIndexFrom ?? 20_000;
    this.#parts = options.parts;
    this.#probes = options.probes ?? 200;
    this.#files = createFileSync(directory);
  }

  async prepare({ generation, dimensions, committedSeq }: IndexedState): Promise<void> {
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
      const tooEarly = `removed_seq > ${committedSeq} AND removed_seq < ${notRemoved}`;
      if (await table.countRows(tooEarly))
        await table.update({ where: tooEarly, values: { removed_seq: notRemoved } });
      await this.#deleteWhere(table, `removed_seq <= ${committedSeq}`);
      this.#newAfter.set(generation, committedSeq);
      await this.flush();
    });
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    await this.#explained(async () => {
      const table = await this.#table(at.generation);
      const dimensions = await dimensionsOf(table);
      checkDimensions(rows, dimensions);
      const written = toTable(rows, at.seq, dimensions);
      // The first rows of a commit cannot be there yet. To look for them all the same reads every key of the table: its memory
      // and time would grow with what is there already.
      const newAfter = this.#newAfter.get(at.generation) ?? Number.POSITIVE_INFINITY;
      if (at.seq > newAfter) {
        // Before they are written: where that fails half-way, the second try looks.
        this.#newAfter.set(at.generation, at.seq);
        await table.add(written);
      } else
        await this.#again(() =>
          table.mergeInsert('key').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(written),
        );
    });
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length === 0) return;
    await this.#explained(async () => {
      const table = await this.#table(at.generation);
      const gone = `document_id IN (${documentIds.map(quote).join(', ')}) AND added_seq < ${at.seq} AND removed_seq = ${notRemoved}`;
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
      const rows = await table.countRows();
      const unindexed = (await table.indexStats('terms_idx'))?.numUnindexedRows;
      const isStale = unindexed !== 0 || this.#deleted;
      const isLarge = rows >= this.#vectorIndexFrom;
      if (!isStale && (!isLarge || (await this.#isIndexed(table)))) return;
      // Before the small files are merged: reading the vectors of a large one holds up to a hundred megabytes more.
      if (isLarge && !(await table.indexStats('vector_idx'))) await this.#createVectorIndex(table, rows);
      if (isStale) {
        // Merges small files, adds new rows to the indices, drops old versions. A reader in another process opens the newest
        // version for each query, so a minute covers every query in flight.
        await table.optimize({ cleanupOlderThan: new Date(Date.now() - 60_000) });
        // Made anew while that is cheap: word statistics then do not depend on how the rows came and went.
        if (rows <= rebuildUpTo) await this.#createFullTextIndex(table);
        // Each round of new rows is a part of its own, and every part is searched.
        if (((await table.indexStats('vector_idx'))?.numIndices ?? 0) > 8)
          await this.#createVectorIndex(table, rows);
      }
      if (isLarge) await this.#createFilterIndices(table);
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
      for (const name of Object.keys(filterIndices))
        if (await table.indexStats(name)) await table.dropIndex(name);
      if (rows >= this.#vectorIndexFrom) await this.#createFilterIndices(table);
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

  async *scan(
    at: Snapshot,
    filter?: ChunkFilter,
    { withVectors = false, every = 1, signal }: ScanOptions = {},
  ): AsyncGenerator<ScannedChunk, void, undefined> {
    let last: StoredChunk | undefined;
    // A version whose files another process has cleaned up is left for the newest one, behind the row that was given last.
    for (let view = await this.#explained(() => this.#viewAt(at)); ; ) {
      if (isImpossible(filter)) return;
      try {
        const { table, hidesRows } = view;
        const ids = await this.#explained(() =>
          rowIdsAfter(last, table, where(hidesRows ? at : undefined, filter)),
        );
        const chosen = ids.filter((_, place) => (last ? place + 1 : place) % every === 0);
        for (let from = 0; from < chosen.length; from += rowsPerRead) {
          signal?.throwIfAborted();
          const batch = chosen.subarray(from, from + rowsPerRead);
          const rows = await this.#explained(() => readRows(table, batch, withVectors));
          yield* rows;
          last = rows.at(-1)!.chunk;
        }
        return;
      } catch (error) {
        const newest = IndexDamagedError.isInstance(error) && (await this.#explained(() => this.#viewAt(at)));
        if (!newest || newest.version === view.version) throw error;
        view = newest;
      }
    }
  }

  async searchVector(
    vector: Float32Array,
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    return await this.#explained(async () => {
      signal?.throwIfAborted();
      const { table, dimensions, hidesRows } = await this.#viewAt(at);
      checkDimensions([{ vector }], dimensions);
      if (isImpossible(filter)) return [];
      let query = table.query().nearestTo(vector).column('vector').distanceType('cosine').limit(limit);
      // A few documents' rows are compared one by one. Else the nearest parts of the index are looked into; where a filter may
      // leave too few rows in them, all parts (0). Without an index every row is compared.
      const isFiltered = hidesRows || where(undefined, filter) !== '';
      query = filter?.documentIds
        ? query.bypassVectorIndex()
        : (isFiltered
            ? query.maximumNprobes(0).minimumNprobes(this.#probes)
            : query.nprobes(this.#probes)
          ).refineFactor(refinedFor(limit));
      query.select([...rowColumns, '_distance', ...(withVectors ? ['vector'] : [])]);
      const found = fromTable(
        await narrowed(query, hidesRows ? at : undefined, filter).toArrow(),
        '_distance',
      );
      signal?.throwIfAborted();
      return ranked(found.map((row) => ({ ...row, score: 1 - row.score })));
    });
  }

  async searchTerms(
    terms: readonly string[],
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    return await this.#explained(async () => {
      signal?.throwIfAborted();
      const { table, hidesRows } = await this.#viewAt(at);
      if (terms.length === 0 || isImpossible(filter)) return [];
      const search = table
        .query()
        // A match query has no syntax: its text only goes through the index's tokenizer, which splits it at the spaces.
        .fullTextSearch(new lancedb.MatchQuery(terms.join(' '), 'terms'))
        .select([...rowColumns, '_score', ...(withVectors ? ['vector'] : [])])
        .limit(limit);
      const found = fromTable(await narrowed(search, hidesRows ? at : undefined, filter).toArrow(), '_score');
      signal?.throwIfAborted();
      return ranked(found);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#view?.table.close();
    for (const table of this.#tables.values()) table.close();
    this.#tables.clear();
    this.#connection.close();
  }

  /**
   * The newest version of the table, and whether it has rows that the snapshot must not see. Comparing the commits of a million
   * rows takes longer than finding the nearest ten, so they are compared only where that leaves rows out: during an ingest. The
   * version stays what it is while it is searched, whatever is written meanwhile.
   */
  async #viewAt(at: Snapshot): Promise<View & { hidesRows: boolean }> {
    const newest = await this.#table(at.generation);
    const version = await newest.version();
    if (this.#view?.of !== newest || this.#view.version !== version) {
      const table = await this.#connection.openTable(tableName(at.generation), undefined, { version });
      const dimensions = await dimensionsOf(table);
      // Not closed: another search may be using the one before.
      this.#view = { of: newest, version, table, dimensions, hidden: new Map() };
    }
    const view = this.#view;
    let hidden = view.hidden.get(at.seq);
    if (!hidden) {
      hidden = view.table.countRows(`added_seq > ${at.seq} OR removed_seq <= ${at.seq}`);
      view.hidden.set(at.seq, hidden);
      hidden.catch(() => view.hidden.delete(at.seq));
    }
    return { ...view, hidesRows: (await hidden) > 0 };
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
        rowSchema(1)
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
    const table = await this.#connection.createEmptyTable(tableName(generation), rowSchema(dimensions));
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
    // Texts that recur give equal vectors, and where there are too few different ones k-means refuses to make more than
    // 256 parts: then fewer.
    const most = this.#parts ?? Math.round(Math.sqrt(rows) / 4);
    for (let numPartitions = most; ; numPartitions = Math.floor(numPartitions / 2)) {
      try {
        await table.createIndex('vector', {
          replace: true,
          config: lancedb.Index.ivfRq({
            distanceType: 'cosine',
            numPartitions,
            sampleRate: Math.max(64, Math.min(256, Math.floor(sampledForParts / numPartitions))),
          }),
        });
        return;
      } catch (error) {
        if (numPartitions < 2 || !/non-empty clusters/.test(String(error))) throw error;
      }
    }
  }

  /** Those that are not there yet. */
  async #createFilterIndices(table: lancedb.Table): Promise<void> {
    for (const [name, { column, config }] of Object.entries(filterIndices))
      if (!(await table.indexStats(name))) await table.createIndex(column, { name, config: config() });
  }

  async #isIndexed(table: lancedb.Table): Promise<boolean> {
    const present = new Set((await table.listIndices()).map(({ name }) => name));
    return ['vector_idx', ...Object.keys(filterIndices)].every((name) => present.has(name));
  }

  async #createFullTextIndex(table: lancedb.Table): Promise<void> {
    // Terms are compared as they are: nothing is done to them but to split them.
    await table.createIndex('terms', {
      replace: true,
      config: lancedb.Index.fts({
        baseTokenizer: 'whitespace',
        lowercase: false,
        stem: false,
        removeStopWords: false,
        asciiFolding: false,
        maxTokenLength: longestTerm,
        withPosition: false,
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

  /**
   * LanceDB's errors are text: a full disk is told by what the operating system said, a file that is gone or has other bytes by
   * these words.
   */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      if (/No space left on device|os error 28|ENOSPC|File too large|EDQUOT|quota/i.test(String(error)))
        throw new DiskFullError({ path: this.#directory, domain: 'store', cause: error });
      if (tellsOfDamage.every((sign) => sign.test(String(error))))
        throw new IndexDamagedError({ path: this.#directory, domain: 'store', cause: error });
      throw error;
    }
  }
}

const tellsOfDamage = [/lance error/i, /not found|corrupt|magic|unexpected eof|checksum|invalid range/i];

/** A million chunks' indices take a tenth of it. LanceDB's own limit is 6 GB. */
const indexCacheBytes = 1e9;
/**
 * Of files and versions: an ingest makes hundreds, and looks at each once; a search looks at a few. LanceDB's own limit is 1 GB.
 */
const metadataCacheBytes = 4e6;

/**
 * Vectors that the parts of a vector index are found from, all in memory at once, several times over: 13 MB of 384 dimensions. More
 * make no search better, since nearly all parts are looked into.
 */
const sampledForParts = 8192;

/** Rows up to which the full-text index is made anew at each change: a fifth of a second for ten thousand. */
const rebuildUpTo = 20_000;

/** So that a filter over a million rows does not read the column of each: a tenth of the time. */
const filterIndices = {
  document_id_idx: { column: 'document_id', config: () => lancedb.Index.btree() },
  access_idx: { column: 'access', config: () => lancedb.Index.bitmap() },
};

/** Bytes of UTF-8; LanceDB leaves longer ones out. */
const longestTerm = 65_536;

const tableName = (generation: number) => `chunks_${generation}`;

async function dimensionsOf(table: lancedb.Table): Promise<number> {
  const { fields } = await table.schema();
  return fields.find(({ name }) => name === 'vector')!.type.listSize;
}

/** How many of the nearest by their codes are compared by their vectors: more where few are wanted. */
const refinedFor = (limit: number) => Math.max(2, Math.ceil(100 / limit));

/** Of the rows that meet the condition and come behind this one, in the order of a scan. */
async function rowIdsAfter(
  last: StoredChunk | undefined,
  table: lancedb.Table,
  condition: string,
): Promise<BigUint64Array> {
  const query = table
    .query()
    .select(['document_id', 'ordinal', 'key'])
    .withRowId()
    .orderBy(['document_id', 'ordinal', 'key'].map((columnName) => ({ columnName })));
  const following =
    last &&
    `(document_id > ${quote(last.documentId)} OR (document_id = ${quote(last.documentId)} AND ordinal > ${last.ordinal}))`;
  const conditions = [condition, following].filter(Boolean).join(' AND ');
  if (conditions !== '') query.where(conditions);
  // An answer without rows has no columns either.
  return (await query.toArrow()).getChild('_rowid')?.toArray() ?? new BigUint64Array();
}

/** In the order of the ids. */
async function readRows(
  table: lancedb.Table,
  ids: BigUint64Array,
  withVectors: boolean,
): Promise<ScannedChunk[]> {
  const columns = [...rowColumns, ...(withVectors ? ['vector'] : [])];
  const found = await table
    .takeRowIds([...ids])
    .select(columns)
    .withRowId()
    .toArrow();
  const rows = fromTable(found);
  const places = new Map<bigint, number>();
  for (const [place, id] of (found.getChild('_rowid')!.toArray() as BigUint64Array).entries())
    places.set(id, place);
  return [...ids].map((id) => {
    const { chunk, vector } = rows[places.get(id)!]!;
    return { chunk, ...(vector && { vector }) };
  });
}

function narrowed<Query extends { where(condition: string): unknown }>(
  query: Query,
  at: Snapshot | undefined,
  filter: ChunkFilter | undefined,
): Query {
  const conditions = where(at, filter);
  if (conditions !== '') query.where(conditions);
  return query;
}

/** `at`: where the snapshot does not see all rows. */
function where(at: Snapshot | undefined, filter: ChunkFilter = {}): string {
  const conditions = at ? [`added_seq <= ${at.seq}`, `removed_seq > ${at.seq}`] : [];
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
