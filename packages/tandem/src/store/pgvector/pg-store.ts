import type { Pool, PoolClient } from 'pg';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { StoreError } from '../../core/errors/store-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { countTerms } from '../../text/terms.ts';
import { bm25 } from '../bm25.ts';
import { chunkFromJson, chunkToJson } from '../chunk-json.ts';
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
} from '../chunk-table.ts';
import { checkDimensions } from '../dimensions.ts';
import { isImpossible, metadataPairs, wantedPairs } from '../filter.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { ranked } from '../ranked.ts';
import { rowsPerRead } from '../scan.ts';
import type { VectorStore } from '../vector-store.ts';

/**
 * Two tables for each generation. `NAMESPACE_chunks_N` holds a row for each version of a chunk; what is filtered by stands in
 * columns, all else in one JSON text. `NAMESPACE_postings_N` holds which term occurs how often in which row: `tsvector` ranks
 * by other rules than BM25 and knows no document frequencies, so full text here is a join.
 */
export class PgStore implements VectorStore, LexicalIndex {
  #pool: Pool;
  #namespace: string;
  #vectorIndexFrom: number;
  #where: string;
  /** By table: of the vector column. */
  #dimensions = new Map<string, number>();
  /** What BM25 needs to know of all visible rows, and of which state of the table it was counted. */
  #totals: { of: string; rows: number; averageLength: number } | undefined;

  constructor(pool: Pool, options: { namespace: string; vectorIndexFrom: number; url: string }) {
    this.#pool = pool;
    this.#namespace = options.namespace;
    this.#vectorIndexFrom = options.vectorIndexFrom;
    this.#where = URL.canParse(options.url) ? new URL(options.url).host : 'the database';
  }

  async prepare(state: IndexedState): Promise<void> {
    const { generation, dimensions, committedSeq } = state;
    // Alone: two processes that prepare at once would both make the tables, and what a writer that was killed had asked for last
    // must have happened before it is taken back.
    await this.#transaction('alone', async (client) => {
      await client.query('CREATE EXTENSION IF NOT EXISTS vector');
      const { chunks, postings } = this.#tables(generation);
      for (const table of await this.#ownTables(client))
        if (table !== chunks && table !== postings) await client.query(`DROP TABLE ${table}`);
      const found = await dimensionsOf(client, chunks);
      if (found !== undefined && found !== dimensions)
        await client.query(`DROP TABLE ${chunks}, ${postings}`);
      if (found !== dimensions) await create(client, { chunks, postings, dimensions });
      this.#dimensions.set(chunks, dimensions);
      await client.query(
        `DELETE FROM ${postings} p USING ${chunks} c WHERE p.row = c.row AND (c.added_seq > $1 OR c.removed_seq <= $1)`,
        [committedSeq],
      );
      await client.query(`DELETE FROM ${chunks} WHERE added_seq > $1 OR removed_seq <= $1`, [committedSeq]);
      await client.query(
        `UPDATE ${chunks} SET removed_seq = ${notRemoved} WHERE removed_seq > $1 AND removed_seq < ${notRemoved}`,
        [committedSeq],
      );
    });
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    const { chunks, postings } = this.#tables(at.generation);
    checkDimensions(rows, await this.#dimensionsOf(at.generation));
    // In order of id, so that two writers of the same rows wait for each other in one direction only.
    const unique = [...new Map(rows.map((row) => [row.id, row])).values()].sort((a, b) =>
      a.id < b.id ? -1 : 1,
    );
    await this.#transaction('writing', async (client) => {
      const { rows: written } = await client.query<{ id: string; row: string; fresh: boolean }>(
        `INSERT INTO ${chunks} (id, document_id, ordinal, access, metadata_pairs, chunk, length, vector, added_seq)
         SELECT id, document_id, ordinal, access, ARRAY(SELECT jsonb_array_elements_text(pairs::jsonb)), chunk, length, vector::vector, $9
         FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[])
           AS given (id, document_id, ordinal, access, pairs, chunk, length, vector)
         ON CONFLICT (id, added_seq) DO UPDATE SET document_id = excluded.document_id, ordinal = excluded.ordinal,
           access = excluded.access, metadata_pairs = excluded.metadata_pairs, chunk = excluded.chunk,
           length = excluded.length, vector = excluded.vector, removed_seq = ${notRemoved}
         RETURNING id, row, xmax = 0 AS fresh`,
        [
          unique.map(({ id }) => id),
          unique.map(({ documentId }) => documentId),
          unique.map(({ ordinal }) => ordinal),
          unique.map(({ access }) => access),
          unique.map(({ metadata }) => JSON.stringify(metadataPairs(metadata))),
          unique.map(chunkToJson),
          unique.map(({ terms }) => terms.length),
          unique.map(({ vector }) => toVector(vector)),
          at.seq,
        ],
      );
      const replaced = written.filter(({ fresh }) => !fresh).map(({ row }) => row);
      if (replaced.length > 0)
        await client.query(`DELETE FROM ${postings} WHERE row = ANY($1::bigint[])`, [replaced]);
      const rowOf = new Map(written.map(({ id, row }) => [id, row]));
      const entries = unique.flatMap(({ id, terms }) =>
        [...countTerms(terms)].map(([term, count]) => ({ term, row: rowOf.get(id)!, count })),
      );
      await client.query(
        `INSERT INTO ${postings} (term, row, count) SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[])`,
        [entries.map(({ term }) => term), entries.map(({ row }) => row), entries.map(({ count }) => count)],
      );
    });
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length === 0) return;
    await this.#transaction('writing', async (client) => {
      const { chunks } = this.#tables(at.generation);
      await client.query(
        `UPDATE ${chunks} SET removed_seq = $1 WHERE row IN (
           SELECT row FROM ${chunks} WHERE document_id = ANY($2) AND added_seq < $1 AND removed_seq = ${notRemoved}
           ORDER BY row FOR UPDATE)`,
        [at.seq, documentIds],
      );
    });
  }

  /** Every transaction here was on disk when it ended, also on a server that lets others go ahead of the disk. */
  async flush(): Promise<void> {}

  async maintain(at: Snapshot): Promise<void> {
    const { chunks, postings } = this.#tables(at.generation);
    const rows = await this.#transaction('writing', async (client) => {
      await client.query(
        `DELETE FROM ${postings} p USING ${chunks} c WHERE p.row = c.row AND c.removed_seq <= $1`,
        [at.seq],
      );
      await client.query(`DELETE FROM ${chunks} WHERE removed_seq <= $1`, [at.seq]);
      const { rows } = await client.query(`SELECT count(*)::int AS count FROM ${chunks}`);
      return rows[0].count as number;
    });
    if (rows >= this.#vectorIndexFrom)
      await this.#transaction('writing', async (client) => {
        await client.query(`SET LOCAL maintenance_work_mem = '512MB'`);
        await client.query(
          `CREATE INDEX IF NOT EXISTS ${chunks}_vector ON ${chunks} USING hnsw (vector vector_cosine_ops)
           WITH (m = 16, ef_construction = 128)`,
        );
      });
    // Statistics, and pages known to be visible to all, decide how fast the joins are.
    await this.#query(`VACUUM (ANALYZE) ${chunks}, ${postings}`);
  }

  /** Tables and indices are written anew; PostgreSQL's log keeps what was written until it recycles it. */
  async purge(at: Snapshot): Promise<void> {
    await this.maintain(at);
    const { chunks, postings } = this.#tables(at.generation);
    await this.#query(`VACUUM (FULL, ANALYZE) ${chunks}, ${postings}`);
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    if (isImpossible(filter)) return 0;
    const { conditions, values } = where(at, filter);
    try {
      const { rows } = await this.#query(
        `SELECT count(*)::int AS count FROM ${this.#tables(at.generation).chunks} c WHERE ${conditions}`,
        values,
      );
      return rows[0].count;
    } catch (error) {
      if (IndexMissingError.isInstance(error)) return 0;
      throw error;
    }
  }

  async *scan(
    at: Snapshot,
    filter?: ChunkFilter,
    { withVectors = false, every = 1, signal }: ScanOptions = {},
  ): AsyncGenerator<ScannedChunk, void, undefined> {
    await this.#dimensionsOf(at.generation);
    if (isImpossible(filter)) return;
    const { chunks } = this.#tables(at.generation);
    // Page by page along the index of this order, each from behind the last row of the one before: nothing is held between two.
    let last: { document_id: string; ordinal: number; row: string } | undefined;
    for (;;) {
      signal?.throwIfAborted();
      const { conditions, values } = where(
        at,
        filter,
        last ? [last.document_id, last.ordinal, last.row] : [],
      );
      const after = last ? 'AND (c.document_id, c.ordinal, c.row) > ($1, $2, $3)' : '';
      const { rows } = await this.#query(
        `WITH page AS (
           SELECT row, row_number() OVER (ORDER BY document_id, ordinal, row) - 1 AS place
           FROM (SELECT c.row, c.document_id, c.ordinal FROM ${chunks} c WHERE ${conditions} ${after}
                 ORDER BY c.document_id, c.ordinal, c.row
                 OFFSET ${last ? Number(every) - 1 : 0} LIMIT ${rowsPerRead * Number(every)}) AS following
         )
         SELECT row, document_id, ordinal, chunk, added_seq ${withVectors ? ', vector::text' : ''}
         FROM page JOIN ${chunks} USING (row) WHERE place % ${Number(every)} = 0 ORDER BY place`,
        values,
      );
      yield* rows.map(toScanned);
      if (rows.length < rowsPerRead) return;
      last = rows.at(-1);
    }
  }

  async searchVector(
    vector: Float32Array,
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    signal?.throwIfAborted();
    checkDimensions([{ vector }], await this.#dimensionsOf(at.generation));
    if (isImpossible(filter)) return [];
    const { chunks } = this.#tables(at.generation);
    const { conditions, values } = where(at, filter, [toVector(vector), limit]);
    const text = `SELECT chunk, added_seq, 1 - (vector <=> $1) AS score ${withVectors ? ', vector::text' : ''}
      FROM ${chunks} c WHERE ${conditions} ORDER BY vector <=> $1 LIMIT $2`;
    const settings = `SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.max_scan_tuples = 100000;
      SET LOCAL hnsw.ef_search = ${Math.min(1000, Math.max(160, 4 * limit))};`;
    let { rows } = await this.#reading(settings, text, values);
    // The graph was left before enough rows passed the filter: then every row that passes is compared.
    if (rows.length < limit)
      ({ rows } = await this.#reading('SET LOCAL enable_indexscan = off;', text, values));
    signal?.throwIfAborted();
    return ranked(rows.map(toScored));
  }

  async searchTerms(
    terms: readonly string[],
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    signal?.throwIfAborted();
    const { chunks, postings } = this.#tables(at.generation);
    const totals = await this.#totalsAt(at);
    const asked = countTerms(terms);
    if (isImpossible(filter) || asked.size === 0 || totals.rows === 0) return [];
    const { conditions, values } = where(at, filter, [
      [...asked.keys()],
      [...asked.values()],
      totals.rows,
      totals.averageLength,
      limit,
    ]);
    // How rare a term is depends on all visible rows, whatever the filter lets through.
    const { rows } = await this.#query(
      `WITH hits AS MATERIALIZED (
         SELECT p.term, p.row, p.count, c.length, (${conditions}) AS passes
         FROM ${postings} p JOIN ${chunks} c USING (row)
         WHERE p.term = ANY($1) AND ${where(at).conditions}
       ), weights AS (
         SELECT term, asked.count * ln(1 + ($3::int - n + 0.5) / (n + 0.5)) AS weight
         FROM (SELECT term, count(*) AS n FROM hits GROUP BY term) AS found
         JOIN unnest($1::text[], $2::int[]) AS asked (term, count) USING (term)
       ), best AS (
         SELECT row, sum(weight * count / (count + ${bm25.k1} * (1 - ${bm25.b} + ${bm25.b} * length / $4::float8))) AS score
         FROM hits JOIN weights USING (term) WHERE passes GROUP BY row ORDER BY score DESC, row LIMIT $5
       )
       SELECT c.chunk, c.added_seq, best.score::float8 AS score ${withVectors ? ', c.vector::text' : ''}
       FROM best JOIN ${chunks} c USING (row)`,
      values,
    );
    signal?.throwIfAborted();
    return ranked(rows.map(toScored));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  #tables(generation: number): { chunks: string; postings: string } {
    return {
      chunks: `${this.#namespace}_chunks_${generation}`,
      postings: `${this.#namespace}_postings_${generation}`,
    };
  }

  async #ownTables(client: PoolClient): Promise<string[]> {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid) AND relname ~ $1`,
      [`^${this.#namespace}_(chunks|postings)_[0-9]+$`],
    );
    return rows.map(({ name }) => name);
  }

  async #dimensionsOf(generation: number): Promise<number> {
    const { chunks } = this.#tables(generation);
    const known = this.#dimensions.get(chunks);
    if (known !== undefined) return known;
    const found = await this.#transaction('reading', (client) => dimensionsOf(client, chunks));
    if (found === undefined) throw this.#missing();
    this.#dimensions.set(chunks, found);
    return found;
  }

  async #totalsAt(at: Snapshot): Promise<{ rows: number; averageLength: number }> {
    const { chunks } = this.#tables(at.generation);
    const { rows: last } = await this.#query(`SELECT last_value FROM ${chunks}_row_seq`);
    // No row becomes visible to a snapshot without a new number having been given.
    const of = `${at.generation} ${at.seq} ${last[0].last_value}`;
    if (this.#totals?.of !== of) {
      const { rows } = await this.#query(
        `SELECT count(*)::int AS rows, coalesce(avg(length), 0)::float8 AS average FROM ${chunks} c WHERE ${where(at).conditions}`,
      );
      this.#totals = { of, rows: rows[0].rows, averageLength: rows[0].average || 1 };
    }
    return this.#totals;
  }

  async #query(text: string, values: unknown[] = []) {
    return await this.#explained(() => this.#pool.query(text, values));
  }

  /** One query under settings of its own. */
  async #reading(settings: string, text: string, values: unknown[]) {
    return await this.#explained(() =>
      this.#withClient(async (client) => {
        // Sent as one message each: three round trips.
        await client.query(`BEGIN READ ONLY; ${settings}`);
        const result = await client.query(text, values);
        await client.query('COMMIT');
        return result;
      }),
    );
  }

  /**
   * Writers share the namespace with each other, but not with `prepare`. A client that is gone without its server hearing of it
   * gives its share back after a minute.
   */
  async #transaction<T>(
    mode: 'reading' | 'writing' | 'alone',
    work: (client: PoolClient) => Promise<T>,
  ): Promise<T> {
    return await this.#explained(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#withClient(async (client) => {
            await client.query(
              "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = '60s'",
            );
            if (mode !== 'reading')
              await client.query(
                `SELECT pg_advisory_xact_lock${mode === 'writing' ? '_shared' : ''}(hashtextextended($1, 0))`,
                [this.#namespace],
              );
            const result = await work(client);
            await client.query('COMMIT');
            return result;
          });
        } catch (error) {
          // Deadlock, or a row that another transaction changed: nothing was written, and it goes again.
          if (attempt === 5 || !['40P01', '40001'].includes((error as { code?: string }).code ?? ''))
            throw error;
        }
      }
    });
  }

  async #withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let failure: unknown;
    try {
      return await work(client);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      if (failure !== undefined) await client.query('ROLLBACK').catch(() => {});
      client.release();
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      const { code = '', message } = error as { code?: string; message: string };
      if (code === '42P01') {
        this.#dimensions.clear();
        throw this.#missing(error);
      }
      const isSql = /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('08') && code !== 'EPIPE';
      throw new StoreError({
        store: 'pgvector',
        cause: error,
        message: isSql
          ? `PostgreSQL at ${this.#where} refused what the store asked of it: ${message}.`
          : `PostgreSQL at ${this.#where} cannot be reached: ${message || code}.`,
        hint: /extension "vector"|type "vector"/.test(message)
          ? 'Install pgvector on the server and let an administrator run CREATE EXTENSION vector in this database.'
          : isSql
            ? "Look at the server's log; the database user needs to create and write tables."
            : 'Check that it runs and that the address, user and password are right.',
      });
    }
  }

  #missing(cause?: unknown): IndexMissingError {
    return new IndexMissingError({
      domain: 'store',
      message: `There is no search index "${this.#namespace}" in PostgreSQL at ${this.#where}.`,
      cause,
    });
  }
}

async function dimensionsOf(client: PoolClient, table: string): Promise<number | undefined> {
  const { rows } = await client.query<{ dimensions: number }>(
    `SELECT atttypmod AS dimensions FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'vector'`,
    [table],
  );
  return rows[0]?.dimensions;
}

async function create(
  client: PoolClient,
  { chunks, postings, dimensions }: { chunks: string; postings: string; dimensions: number },
): Promise<void> {
  await client.query(`
    CREATE TABLE ${chunks} (
      row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text NOT NULL,
      document_id text COLLATE "C" NOT NULL,
      ordinal int NOT NULL,
      access text NOT NULL,
      metadata_pairs text[] NOT NULL,
      chunk text NOT NULL,
      length int NOT NULL,
      vector vector(${dimensions}) NOT NULL,
      added_seq int NOT NULL,
      removed_seq int NOT NULL DEFAULT ${notRemoved},
      UNIQUE (id, added_seq)
    );
    CREATE INDEX ON ${chunks} (document_id, ordinal, row);
    CREATE INDEX ON ${chunks} (access);
    CREATE INDEX ON ${chunks} USING gin (metadata_pairs);
    CREATE INDEX ON ${chunks} (row) INCLUDE (added_seq, removed_seq, length);
    CREATE TABLE ${postings} (
      term text COLLATE "C" NOT NULL,
      row bigint NOT NULL,
      count int NOT NULL,
      PRIMARY KEY (term, row) INCLUDE (count)
    );
    CREATE INDEX ON ${postings} USING brin (row) WITH (pages_per_range = 16);
  `);
}

/** The first values are the caller's own; the conditions' follow them. */
function where(
  at: Snapshot,
  filter: ChunkFilter = {},
  values: unknown[] = [],
): { conditions: string; values: unknown[] } {
  const all = [...values];
  const value = (given: unknown) => `$${all.push(given)}`;
  const seq = Number(at.seq);
  const conditions = [`c.added_seq <= ${seq}`, `c.removed_seq > ${seq}`];
  if (filter.documentIds) conditions.push(`c.document_id = ANY(${value(filter.documentIds)}::text[])`);
  if (filter.excludeDocumentIds?.length)
    conditions.push(`c.document_id <> ALL(${value(filter.excludeDocumentIds)}::text[])`);
  if (filter.access) conditions.push(`c.access = ANY(${value(filter.access)}::text[])`);
  for (const pairs of wantedPairs(filter)) conditions.push(`c.metadata_pairs && ${value(pairs)}::text[]`);
  return { conditions: conditions.join(' AND '), values: all };
}

const toVector = (vector: Float32Array) => `[${vector.join(',')}]`;

interface FoundRow {
  chunk: string;
  added_seq: number;
  vector?: string;
}

function toScanned({ chunk, added_seq, vector }: FoundRow): ScannedChunk {
  const found = { chunk: chunkFromJson(chunk, added_seq) };
  return vector === undefined ? found : { ...found, vector: Float32Array.from(JSON.parse(vector)) };
}

const toScored = (found: FoundRow & { score: number }): ScoredChunk => ({
  ...toScanned(found),
  score: found.score,
});
