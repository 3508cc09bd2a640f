import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { checkNamespace } from '../namespace.ts';
import type { VectorStore } from '../vector-store.ts';
import { PgStore } from './pg-store.ts';

/** Which database, and what its tables are called. */
export interface PgvectorStoreOptions {
  /** `postgres://user:password@host:5432/database`. The server needs the extension `vector` 0.8 or newer. */
  url: string;
  /** Prefix of the tables; one for each project. */
  namespace: string;
  /** Rows from which an HNSW index is kept; below, comparing with every row is fast enough, and exact. */
  vectorIndexFrom?: number;
  /** Of a connection attempt, in milliseconds. */
  connectTimeout?: number;
}

/**
 * A store in PostgreSQL: vectors by pgvector, full text by BM25 over a table of postings. What a batch adds is one transaction.
 * @throws MissingDriverError when the package `pg` is not installed.
 */
export async function openPgvectorStore(options: PgvectorStoreOptions): Promise<VectorStore & LexicalIndex> {
  checkNamespace(options.namespace);
  const { default: pg } = await importDriver(() => import('pg'), {
    packageName: 'pg',
    what: "A pgvector store (`store: { kind: 'pgvector' }`)",
    domain: 'store',
  });
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 4,
    connectionTimeoutMillis: options.connectTimeout ?? 30_000,
  });
  // A connection that broke while nobody used it is no one's failure: the next query opens another.
  pool.on('error', () => {});
  return new PgStore(pool, { vectorIndexFrom: 10_000, ...options });
}
