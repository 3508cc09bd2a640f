import type { Database } from '../../catalog/sqlite/database.ts';
import { ApiError } from '../http/api-error.ts';
import { makeId } from '../http/make-id.ts';
import type { FileStatus, StoreChange } from '../schemas/vector-stores.ts';
import { type Page, type PageRequest, pageOf } from '../state/list-page.ts';

/** A vector store, without its files. Times are Unix seconds. */
export interface VectorStore {
  id: string;
  tenant: string;
  name: string;
  description: string | null;
  metadata: Record<string, string>;
  /** Days without use after which it expires. */
  expiresDays: number | null;
  createdAt: number;
  lastActiveAt: number;
  expiresAt: number | null;
  expired: boolean;
}

/** How many of a store's files are in each state. */
export type FileCounts = Record<FileStatus, number>;

interface StoreRow {
  id: string;
  tenant: string;
  name: string;
  description: string | null;
  metadata: string;
  expires_days: number | null;
  created_at: number;
  last_active_at: number;
  expired: number;
}

const daySeconds = 86_400;
/** Being used is written down once in so many seconds. */
const activeSeconds = 60;

/** What is known of vector stores. */
export class StoreRows {
  readonly #database: Database;
  readonly #now: () => number;

  /** @param now Unix seconds */
  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  create(
    tenant: string,
    given: {
      name: string;
      description?: string | undefined;
      metadata: Record<string, string>;
      expiresDays?: number | undefined;
    },
  ): VectorStore {
    const id = makeId('vs', '_');
    const now = this.#now();
    this.#database.run(
      'INSERT INTO vector_stores (id, tenant, name, description, metadata, expires_days, created_at, last_active_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      tenant,
      given.name,
      given.description ?? null,
      JSON.stringify(given.metadata),
      given.expiresDays ?? null,
      now,
      now,
    );
    return this.get(tenant, id);
  }

  /** @throws ApiError 404 where the tenant has no such store */
  get(tenant: string, id: string): VectorStore {
    const row = this.#database.get<StoreRow>(
      'SELECT * FROM vector_stores WHERE id = ? AND tenant = ?',
      id,
      tenant,
    );
    if (row) return storeOf(row, this.#now());
    throw new ApiError(404, `There is no vector store ${id}.`, {
      param: 'vector_store_id',
      code: 'vector_store_not_found',
    });
  }

  list(tenant: string, page: PageRequest): Page<VectorStore> {
    const { rows, hasMore } = pageOf<StoreRow>(
      this.#database,
      { from: 'vector_stores', seq: 'seq', id: 'id', where: 'tenant = ?', values: [tenant] },
      page,
    );
    return { rows: rows.map((row) => storeOf(row, this.#now())), hasMore };
  }

  change(store: VectorStore, { name, expires_after, metadata }: StoreChange): void {
    const { id } = store;
    this.#database.run(
      'UPDATE vector_stores SET name = ?, expires_days = ?, metadata = ?, last_active_at = ? WHERE id = ?',
      name === undefined ? store.name : (name ?? ''),
      expires_after === undefined ? store.expiresDays : (expires_after?.days ?? null),
      JSON.stringify(metadata === undefined ? store.metadata : (metadata ?? {})),
      this.#now(),
      id,
    );
  }

  /** It was used: from now on it is as long until it expires as at the beginning. */
  touch({ id }: VectorStore): void {
    const now = this.#now();
    this.#database.run(
      'UPDATE vector_stores SET last_active_at = ? WHERE id = ? AND last_active_at <= ?',
      now,
      id,
      now - activeSeconds,
    );
  }

  /** With all that is known of its files. */
  delete({ id }: VectorStore): void {
    this.#database.run('DELETE FROM vector_stores WHERE id = ?', id);
  }

  /** Those whose time is over since the last time, whose files they have no longer from now on. */
  expire(): VectorStore[] {
    const now = this.#now();
    return this.#database.transaction(() => {
      const due = this.#database
        .all<StoreRow>('SELECT * FROM vector_stores WHERE expired = 0 AND expires_days IS NOT NULL')
        .map((row) => storeOf(row, now))
        .filter(({ expired }) => expired);
      for (const { id } of due) {
        this.#database.run('UPDATE vector_stores SET expired = 1 WHERE id = ?', id);
        this.#database.run('DELETE FROM vector_store_files WHERE store = ?', id);
      }
      return due;
    });
  }

  /** Ids of those that have an index. */
  withIndex(): Set<string> {
    return new Set(
      this.#database
        .all<{ id: string }>('SELECT id FROM vector_stores WHERE expired = 0')
        .map(({ id }) => id),
    );
  }

  usage({ id }: VectorStore): { bytes: number; counts: FileCounts } {
    const counts: FileCounts = { in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
    let bytes = 0;
    const rows = this.#database.all<{ status: FileStatus; files: number; bytes: number }>(
      "SELECT status, count(*) AS files, sum(usage_bytes) AS bytes FROM vector_store_files WHERE store = ? AND status <> 'removing' GROUP BY status",
      id,
    );
    for (const row of rows) {
      counts[row.status] = row.files;
      bytes += row.bytes;
    }
    return { bytes, counts };
  }
}

function storeOf(row: StoreRow, now: number): VectorStore {
  const expiresAt = row.expires_days === null ? null : row.last_active_at + row.expires_days * daySeconds;
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    description: row.description,
    metadata: JSON.parse(row.metadata),
    expiresDays: row.expires_days,
    createdAt: row.created_at,
    lastActiveAt: row.last_active_at,
    expiresAt,
    expired: row.expired !== 0 || (expiresAt !== null && expiresAt <= now),
  };
}
