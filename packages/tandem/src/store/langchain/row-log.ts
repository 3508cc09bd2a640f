import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chunkFromJson, chunkToJson } from '../chunk-json.ts';
import {
  type ChunkFilter,
  type ChunkRow,
  type IndexedState,
  notRemoved,
  type ScannedChunk,
  type ScanOptions,
  type Snapshot,
  type StoredChunk,
} from '../chunk-table.ts';
import { metadataPairs, wantedPairs } from '../filter.ts';
import { rowsPerRead } from '../scan.ts';

/** A row as the vector store is told of it. `version` counts changes of any row: a row's newest is the one that holds. */
export interface LoggedRow {
  key: string;
  version: number;
  generation: number;
  documentId: string;
  access: string;
  pairs: string[];
  addedSeq: number;
  removedSeq: number;
  /** Deleted: the vector store is to forget it. */
  deleted: boolean;
  chunk: StoredChunk;
  vector: Float32Array;
}

export interface RowLog extends Disposable {
  prepare(state: IndexedState): void;
  /** Of the generation; undefined when it was never prepared here. */
  dimensions(generation: number): number | undefined;
  add(rows: readonly ChunkRow[], at: Snapshot): void;
  remove(documentIds: readonly string[], at: Snapshot): void;
  /** Deletes for good what was removed at or before this commit. */
  reap(at: Snapshot): void;
  /** Writes the file anew: what was deleted is in no page of it any more. */
  compact(): void;
  /** See `ChunkTable`. */
  scan(at: Snapshot, filter?: ChunkFilter, options?: ScanOptions): Iterable<ScannedChunk>;
  count(at: Snapshot, filter?: ChunkFilter): number;
  get(key: string): LoggedRow | undefined;
  /** What changed after this version, oldest first, at most so many. */
  changes(after: number, limit: number): LoggedRow[];
  /** Up to which version the vector store has been told; kept in the file, for stores that keep theirs. */
  told: number;
}

export function openRowLog(file: string): RowLog {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  // Two processes may write: the second waits. FULL: a transaction is on disk when it ends.
  database.exec(`
    PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS rows (
      key TEXT PRIMARY KEY, version INTEGER NOT NULL UNIQUE, generation INTEGER NOT NULL, document_id TEXT NOT NULL,
      ordinal INTEGER NOT NULL, access TEXT NOT NULL, pairs TEXT NOT NULL, added_seq INTEGER NOT NULL,
      removed_seq INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, chunk TEXT NOT NULL, vector BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS rows_order ON rows (document_id, ordinal, key);
    CREATE TABLE IF NOT EXISTS generations (generation INTEGER PRIMARY KEY, dimensions INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    INSERT OR IGNORE INTO counters VALUES ('version', 0), ('told', 0);
  `);
  const counter = database.prepare('SELECT value FROM counters WHERE name = ?');
  const setCounter = database.prepare('UPDATE counters SET value = ? WHERE name = ?');
  const counted = (name: string) => Number(counter.get(name)!.value);

  function transaction<T>(work: (nextVersion: () => number) => T): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      let version = counted('version');
      const result = work(() => ++version);
      setCounter.run(version, 'version');
      database.exec('COMMIT');
      return result;
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Each row that the condition meets gets the change and a version of its own. */
  function change(
    nextVersion: () => number,
    set: string,
    condition: string,
    values: Record<string, string | number>,
  ): void {
    const keys = database.prepare(`SELECT key FROM rows WHERE deleted = 0 AND ${condition}`).all(values);
    const update = database.prepare(`UPDATE rows SET ${set}, version = :version WHERE key = :key`);
    for (const { key } of keys) update.run({ version: nextVersion(), key: key as string });
  }

  /** The rows that are visible and pass, as what follows SELECT … FROM. */
  function visible(at: Snapshot, filter: ChunkFilter = {}) {
    const among = 'SELECT value FROM json_each';
    const conditions = [
      'deleted = 0 AND generation = :generation AND added_seq <= :seq AND removed_seq > :seq',
    ];
    const values: Record<string, string | number> = { generation: at.generation, seq: at.seq };
    const list = (name: string, given: readonly string[]) => {
      values[name] = JSON.stringify(given);
      return `(${among}(:${name}))`;
    };
    if (filter.documentIds) conditions.push(`document_id IN ${list('documents', filter.documentIds)}`);
    if (filter.excludeDocumentIds)
      conditions.push(`document_id NOT IN ${list('excluded', filter.excludeDocumentIds)}`);
    if (filter.access) conditions.push(`access IN ${list('access', filter.access)}`);
    for (const [i, pairs] of wantedPairs(filter).entries())
      conditions.push(`EXISTS (SELECT 1 FROM json_each(pairs) WHERE value IN ${list(`pairs${i}`, pairs)})`);
    return { from: `rows WHERE ${conditions.join(' AND ')}`, values };
  }

  function* scan(
    at: Snapshot,
    filter: ChunkFilter | undefined,
    { withVectors = false, every = 1, signal }: ScanOptions = {},
  ): Generator<ScannedChunk, void, undefined> {
    const { from, values } = visible(at, filter);
    let last: Columns | undefined;
    let place = 0;
    for (;;) {
      signal?.throwIfAborted();
      const after = last ? 'AND (document_id, ordinal, key) > (:document, :ordinal, :key)' : '';
      const page = database
        .prepare(
          `SELECT chunk, added_seq, vector, document_id, ordinal, key FROM ${from} ${after}
           ORDER BY document_id, ordinal, key LIMIT ${rowsPerRead}`,
        )
        .all({
          ...values,
          ...(last && { document: last.document_id!, ordinal: last.ordinal!, key: last.key! }),
        });
      for (const row of page) {
        if (place++ % every === 0)
          yield { chunk: toChunk(row), ...(withVectors && { vector: toVector(row.vector as Uint8Array) }) };
      }
      last = page.at(-1);
      if (page.length < rowsPerRead) return;
    }
  }

  return {
    prepare({ generation, dimensions, committedSeq }) {
      transaction((nextVersion) => {
        const known = database
          .prepare('SELECT dimensions FROM generations WHERE generation = ?')
          .get(generation);

        change(nextVersion, gone, 'generation <> :generation', { generation });
        if (known && known.dimensions !== dimensions)
          change(nextVersion, gone, 'generation = :generation', { generation });
        database.prepare('DELETE FROM generations').run();
        database.prepare('INSERT INTO generations VALUES (?, ?)').run(generation, dimensions);
        change(nextVersion, gone, 'added_seq > :seq OR removed_seq <= :seq', { seq: committedSeq });
        change(
          nextVersion,
          `removed_seq = ${notRemoved}`,
          `removed_seq > :seq AND removed_seq < ${notRemoved}`,
          {
            seq: committedSeq,
          },
        );
      });
    },
    dimensions(generation) {
      const found = database
        .prepare('SELECT dimensions FROM generations WHERE generation = ?')
        .get(generation);
      return found && Number(found.dimensions);
    },
    add(rows, at) {
      const insert = database.prepare(
        `INSERT OR REPLACE INTO rows (key, version, generation, document_id, ordinal, access, pairs, added_seq, removed_seq, chunk, vector)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${notRemoved}, ?, ?)`,
      );
      transaction((nextVersion) => {
        for (const row of rows)
          insert.run(
            `${at.generation} ${at.seq} ${row.id}`,
            nextVersion(),
            at.generation,
            row.documentId,
            row.ordinal,
            row.access,
            JSON.stringify(metadataPairs(row.metadata)),
            at.seq,
            chunkToJson(row),
            new Uint8Array(row.vector.buffer, row.vector.byteOffset, row.vector.byteLength),
          );
      });
    },
    remove(documentIds, at) {
      transaction((nextVersion) =>
        change(
          nextVersion,
          `removed_seq = ${Number(at.seq)}`,
          `document_id IN (SELECT value FROM json_each(:documents)) AND generation = :generation
           AND added_seq < :seq AND removed_seq = ${notRemoved}`,
          { documents: JSON.stringify(documentIds), generation: at.generation, seq: at.seq },
        ),
      );
    },
    reap(at) {
      transaction((nextVersion) =>
        change(nextVersion, gone, 'generation = :generation AND removed_seq <= :seq', {
          generation: at.generation,
          seq: at.seq,
        }),
      );
    },
    compact: () => database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)'),
    scan,
    count(at, filter) {
      const { from, values } = visible(at, filter);
      return Number(database.prepare(`SELECT count(*) AS rows FROM ${from}`).get(values)!.rows);
    },
    get(key) {
      const found = database.prepare('SELECT * FROM rows WHERE key = ?').get(key);
      return found && toRow(found);
    },
    changes: (after, limit) =>
      database
        .prepare('SELECT * FROM rows WHERE version > ? ORDER BY version LIMIT ?')
        .all(after, limit)
        .map(toRow),
    get told() {
      return counted('told');
    },
    set told(version) {
      transaction(() => {
        // Another process may have told it of more.
        setCounter.run(Math.max(version, counted('told')), 'told');
      });
    },
    [Symbol.dispose]: () => database.close(),
  };
}

/** What is left of a deleted row is that it is deleted: a vector store in another process may still have it. */
const gone = `deleted = 1, chunk = '{}', vector = x''`;

type Columns = Record<string, null | number | bigint | string | Uint8Array>;

const toChunk = ({ chunk, added_seq }: Columns): StoredChunk =>
  chunkFromJson(chunk as string, Number(added_seq));

const toVector = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);

function toRow(columns: Columns): LoggedRow {
  return {
    key: columns.key as string,
    version: Number(columns.version),
    generation: Number(columns.generation),
    documentId: columns.document_id as string,
    access: columns.access as string,
    pairs: JSON.parse(columns.pairs as string),
    addedSeq: Number(columns.added_seq),
    removedSeq: Number(columns.removed_seq),
    deleted: columns.deleted === 1,
    chunk: toChunk(columns),
    vector: toVector(columns.vector as Uint8Array),
  };
}
