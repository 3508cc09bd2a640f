import type { Database } from '../../catalog/sqlite/database.ts';
import type { ServerFile } from '../files/server-files.ts';
import { ApiError } from '../http/api-error.ts';
import { makeId } from '../http/make-id.ts';
import type { Attributes, FileError, FileStatus } from '../schemas/vector-stores.ts';
import { type Page, type PageRequest, pageOf } from '../state/list-page.ts';
import type { Chunking } from './chunking.ts';
import type { FileCounts, VectorStore } from './store-rows.ts';

/** A file in a vector store. */
export interface StoreFile {
  seq: number;
  store: string;
  file: string;
  filename: string;
  chunking: Chunking;
  /** `removing`: it is no longer there for anyone, but its index still is. */
  status: FileStatus | 'removing';
  error: FileError | null;
  attributes: Attributes;
  /** The access label that its attributes give it, and the one that stands in the file itself, where one does. Readers hold both. */
  label: string;
  ownLabel: string | null;
  usageBytes: number;
  createdAt: number;
  /** Rises with each change that its index must follow; the index is in line where `indexed` is the same. */
  revision: number;
  indexed: number;
}

/** A file that is put into a store. */
export interface Placing {
  file: ServerFile;
  chunking: Chunking;
  attributes: Attributes;
}

/** Files that were put into a store together. */
export interface Batch {
  id: string;
  store: string;
  createdAt: number;
  cancelled: boolean;
  counts: FileCounts;
}

/** What indexing made of a file. */
export type Outcome =
  | { status: 'completed'; usageBytes: number; ownLabel: string | null }
  | { status: 'failed'; error: FileError };

interface FileRow extends Omit<StoreFile, 'error' | 'attributes' | 'ownLabel' | 'usageBytes' | 'createdAt'> {
  error: string | null;
  attributes: string;
  own_label: string | null;
  usage_bytes: number;
  created_at: number;
}

interface BatchRow {
  id: string;
  store: string;
  created_at: number;
  cancelled: number;
}

const present = "status <> 'removing'";
/** With the reader's labels three times. */
const readable =
  '(? IS NULL OR (label IN (SELECT value FROM json_each(?)) AND coalesce(own_label IN (SELECT value FROM json_each(?)), 1)))';
const labels = (held: readonly string[] | undefined) => {
  const list = held === undefined ? null : JSON.stringify(held);
  return [list, list, list];
};

/** Whether one who holds these labels may read the file; absent: all labels. */
export function mayRead(
  { label, ownLabel }: Pick<StoreFile, 'label' | 'ownLabel'>,
  held: readonly string[] | undefined,
): boolean {
  return held === undefined || (held.includes(label) && (ownLabel === null || held.includes(ownLabel)));
}

export const labelOf = ({ access }: Attributes) => (access === undefined ? 'public' : String(access));

/** What is known of the files in vector stores. */
export class FileRows {
  readonly #database: Database;
  readonly #now: () => number;

  /** @param now Unix seconds */
  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Puts files into a store: those that are in it already get these attributes, and are cut anew where they are cut in another way. */
  place(store: VectorStore, placings: readonly Placing[]): void {
    this.#database.transaction(() => {
      for (const placing of placings) this.#place(store, placing);
    });
  }

  /** The same, and remembers them together. */
  placeBatch(store: VectorStore, placings: readonly Placing[]): string {
    const id = makeId('vsfb', '_');
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT INTO vector_store_batches (id, tenant, store, created_at) VALUES (?, ?, ?, ?)',
        id,
        store.tenant,
        store.id,
        this.#now(),
      );
      for (const placing of placings) {
        const status = this.#place(store, placing);
        this.#database.run(
          'INSERT INTO vector_store_batch_files (batch, tenant, file, status) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
          id,
          store.tenant,
          placing.file.id,
          status,
        );
      }
    });
    return id;
  }

  #place({ id, tenant }: VectorStore, { file, chunking, attributes }: Placing): FileStatus {
    const before = this.find(id, file.id);
    const given = [JSON.stringify(attributes), labelOf(attributes)];
    if (before?.chunking === chunking && before.status === 'completed') {
      // It stays searchable; a new label is followed.
      this.#database.run(
        'UPDATE vector_store_files SET attributes = ?, revision = revision + (label <> ?), label = ? WHERE seq = ?',
        given[0]!,
        given[1]!,
        given[1]!,
        before.seq,
      );
      return 'completed';
    }
    if (before && before.chunking !== chunking) this.#setStatus(before, 'removing');
    this.#database.run(
      `INSERT INTO vector_store_files (store, tenant, file, filename, chunking, status, attributes, label, created_at)
       VALUES (?, ?, ?, ?, ?, 'in_progress', ?, ?, ?)
       ON CONFLICT (store, file, chunking) DO UPDATE SET status = 'in_progress', error = NULL, attributes = excluded.attributes,
         label = excluded.label, created_at = excluded.created_at, revision = revision + 1`,
      id,
      tenant,
      file.id,
      file.filename,
      chunking,
      ...given,
      this.#now(),
    );
    return 'in_progress';
  }

  find(store: string, file: string): StoreFile | undefined {
    const row = this.#database.get<FileRow>(
      `SELECT * FROM vector_store_files WHERE store = ? AND file = ? AND ${present}`,
      store,
      file,
    );
    return row && storeFileOf(row);
  }

  /** @throws ApiError 404 where it is not there for one who holds these labels */
  get(store: string, file: string, held: readonly string[] | undefined): StoreFile {
    const found = this.find(store, file);
    if (found && mayRead(found, held)) return found;
    throw new ApiError(404, `There is no file ${file} in the vector store ${store}.`, {
      param: 'file_id',
      code: 'file_not_found',
    });
  }

  list(
    store: string,
    {
      filter,
      held,
      batch,
      ...page
    }: PageRequest & {
      filter?: FileStatus | undefined;
      held: readonly string[] | undefined;
      batch?: string;
    },
  ): Page<StoreFile> {
    const { rows, hasMore } = pageOf<FileRow>(
      this.#database,
      {
        from: 'vector_store_files',
        seq: 'seq',
        id: 'file',
        where: `store = ? AND ${present} AND coalesce(status = ?, 1) AND ${readable} AND (? IS NULL OR file IN (SELECT file FROM vector_store_batch_files WHERE batch = ?))`,
        values: [store, filter ?? null, ...labels(held), batch ?? null, batch ?? null],
      },
      page,
    );
    return { rows: rows.map(storeFileOf), hasMore };
  }

  setAttributes(file: StoreFile, attributes: Attributes): void {
    const label = labelOf(attributes);
    this.#database.run(
      'UPDATE vector_store_files SET attributes = ?, revision = revision + (label <> ?), label = ? WHERE seq = ?',
      JSON.stringify(attributes),
      label,
      label,
      file.seq,
    );
  }

  /** It is gone for everybody; its index follows. */
  remove(file: StoreFile): void {
    this.#setStatus(file, 'removing');
  }

  /** Everywhere, as a part of a transaction. Gives the stores that it was in. */
  removeEverywhere(file: string): string[] {
    const rows = this.#database.all<FileRow>(
      `SELECT * FROM vector_store_files WHERE file = ? AND ${present}`,
      file,
    );
    for (const row of rows) this.#setStatus(storeFileOf(row), 'removing');
    return [...new Set(rows.map(({ store }) => store))];
  }

  #setStatus({ seq, store, file }: StoreFile, status: StoreFile['status']): void {
    this.#database.run(
      'UPDATE vector_store_files SET status = ?, revision = revision + 1 WHERE seq = ?',
      status,
      seq,
    );
    this.#tellBatches(store, file, status === 'removing' ? 'cancelled' : status);
  }

  /** What becomes of a file in progress, becomes of it in the batches that wait for it. */
  #tellBatches(store: string, file: string, status: FileStatus): void {
    this.#database.run(
      `UPDATE vector_store_batch_files SET status = ?
       WHERE file = ? AND status = 'in_progress' AND batch IN (SELECT id FROM vector_store_batches WHERE store = ?)`,
      status,
      file,
      store,
    );
  }

  /** @throws ApiError 404 where the store has no such batch */
  batch(store: string, id: string): Batch {
    const row = this.#database.get<BatchRow>(
      'SELECT * FROM vector_store_batches WHERE id = ? AND store = ?',
      id,
      store,
    );
    if (!row)
      throw new ApiError(404, `There is no batch ${id} in the vector store ${store}.`, { param: 'batch_id' });
    const counts: FileCounts = { in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
    for (const { status, files } of this.#database.all<{ status: FileStatus; files: number }>(
      'SELECT status, count(*) AS files FROM vector_store_batch_files WHERE batch = ? GROUP BY status',
      id,
    ))
      counts[status] = files;
    return { id, store, createdAt: row.created_at, cancelled: row.cancelled !== 0, counts };
  }

  /** Files of it that are not indexed yet will not be. */
  cancel(batch: Batch): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE vector_store_batches SET cancelled = 1 WHERE id = ?', batch.id);
      const rows = this.#database.all<FileRow>(
        `SELECT * FROM vector_store_files WHERE store = ? AND status = 'in_progress'
         AND file IN (SELECT file FROM vector_store_batch_files WHERE batch = ? AND status = 'in_progress')`,
        batch.store,
        batch.id,
      );
      for (const row of rows) this.#setStatus(storeFileOf(row), 'cancelled');
    });
  }

  /** Stores that have rows with which an index is not in line. */
  storesBehind(): string[] {
    return this.#database
      .all<{ store: string }>('SELECT DISTINCT store FROM vector_store_files WHERE indexed < revision')
      .map(({ store }) => store);
  }

  /** Of a store: the ways of cutting whose index is not in line. */
  behind(store: string): Chunking[] {
    return this.#database
      .all<{ chunking: string }>(
        'SELECT DISTINCT chunking FROM vector_store_files WHERE store = ? AND indexed < revision',
        store,
      )
      .map(({ chunking }) => chunking);
  }

  /** All rows of a store, or of one of its indexes, in the order in which they came; those that are removed, too. */
  all(store: string, chunking?: Chunking): StoreFile[] {
    return this.#database
      .all<FileRow>(
        'SELECT * FROM vector_store_files WHERE store = ? AND coalesce(chunking = ?, 1) ORDER BY seq',
        store,
        chunking ?? null,
      )
      .map(storeFileOf);
  }

  /**
   * The index is in line with these rows as they were given. One that has changed since stays behind.
   * @param outcomes of files that were to be indexed
   */
  settle(rows: readonly StoreFile[], outcomes: ReadonlyMap<number, Outcome>): void {
    this.#database.transaction(() => {
      for (const row of rows) {
        const { seq, revision } = row;
        if (row.status === 'removing') {
          this.#database.run('DELETE FROM vector_store_files WHERE seq = ? AND revision = ?', seq, revision);
          continue;
        }
        const outcome = outcomes.get(seq);
        this.#database.run('UPDATE vector_store_files SET indexed = ? WHERE seq = ?', revision, seq);
        // What it says itself of who may read it does not change with the row.
        if (outcome?.status === 'completed')
          this.#database.run(
            'UPDATE vector_store_files SET own_label = ? WHERE seq = ?',
            outcome.ownLabel,
            seq,
          );
        if (row.status === 'in_progress' && outcome) this.#finish(row, outcome);
      }
    });
  }

  #finish({ seq, revision, store, file }: StoreFile, outcome: Outcome): void {
    const done = this.#database.run(
      "UPDATE vector_store_files SET status = ?, error = ?, usage_bytes = ? WHERE seq = ? AND revision = ? AND status = 'in_progress'",
      outcome.status,
      outcome.status === 'failed' ? JSON.stringify(outcome.error) : null,
      outcome.status === 'completed' ? outcome.usageBytes : 0,
      seq,
      revision,
    );
    if (done > 0) this.#tellBatches(store, file, outcome.status);
  }

  /** All files of a store are to be indexed again. */
  indexAgain(store: string): void {
    this.#database.run(
      "UPDATE vector_store_files SET status = 'in_progress', revision = revision + 1 WHERE store = ? AND status = 'completed'",
      store,
    );
  }
}

function storeFileOf(row: FileRow): StoreFile {
  const { error, attributes, own_label, usage_bytes, created_at, ...rest } = row;
  return {
    ...rest,
    error: error === null ? null : JSON.parse(error),
    attributes: JSON.parse(attributes),
    ownLabel: own_label,
    usageBytes: usage_bytes,
    createdAt: created_at,
  };
}
