import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lexicalIndexConformance, vectorStoreConformance, writerRows } from '../conformance.ts';
import { startPostgres, type VectorServer } from '../vector-servers.fixture.ts';
import { open } from './pgvector-store.fixture.ts';
import { openPgvectorStore } from './pgvector-store.ts';

let server: VectorServer;
beforeAll(async () => {
  server = await startPostgres();
  process.env.TANDEM_TEST_POSTGRES = server.url;
});
afterAll(() => server[Symbol.asyncDispose]());

const target = { open, module: new URL('./pgvector-store.fixture.ts', import.meta.url).href };

describe('as a vector store', () => {
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});
describe('as a lexical index', () => {
  for (const { name, run } of lexicalIndexConformance(target)) test(name, run);
});

const at = { generation: 1, seq: 1 };
const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...writerRows('many', 1)[0]!,
    id: `d${i}#0`,
    documentId: `d${i}`,
    access: i % 100 === 0 ? 'rare' : 'public',
    vector: Float32Array.from({ length: 32 }, (_, j) => Math.sin((i + 1) * (j + 1) * 0.7391)),
  }));

test('above its limit an HNSW index is made, and a narrow filter is filled all the same', async () => {
  const options = { url: server.url, namespace: 'indexed' };
  await using store = await openPgvectorStore({ ...options, vectorIndexFrom: 2000 });
  await store.prepare({ generation: 1, dimensions: 32, committedSeq: 0 });
  await store.add(rows(3000), at);
  const asked = rows(3030).slice(3000);
  const exact = [];
  for (const { vector } of asked) exact.push(await store.searchVector(vector, { at, limit: 10 }));
  await store.maintain(at);
  let found = 0;
  for (const [i, { vector }] of asked.entries()) {
    const expected = new Set(exact[i]!.map(({ chunk }) => chunk.id));
    found += (await store.searchVector(vector, { at, limit: 10 })).filter(({ chunk }) =>
      expected.has(chunk.id),
    ).length;
    const narrow = await store.searchVector(vector, { at, limit: 30, filter: { access: ['rare'] } });
    expect(narrow.map(({ chunk }) => chunk.access)).toEqual(Array(30).fill('rare'));
  }
  // pgvector draws each row's layer at random: of 25 indices of these rows, recall was .973 at worst, 1 in the median.
  expect(found / (10 * asked.length)).toBeGreaterThanOrEqual(0.9);
});

test('the last request of a writer that was killed lands before the next one has prepared, and is taken back', async () => {
  const options = { url: server.url, namespace: 'late' };
  await using killed = await openPgvectorStore(options);
  await using next = await openPgvectorStore(options);
  const state = { generation: 1, dimensions: 32, committedSeq: 0 };
  await killed.prepare(state);
  const other = new pg.Client({ connectionString: server.url });
  await other.connect();
  // Has the same row and does not say yet whether it stays: the request waits on the server for it.
  await other.query('BEGIN');
  await other.query(
    `INSERT INTO late_chunks_1 (id, document_id, ordinal, access, metadata_pairs, chunk, length, vector, added_seq)
     VALUES ('d0#0', 'd0', 0, 'public', '{}', '{}', 0, $1, 1)`,
    [JSON.stringify(Array(32).fill(1))],
  );
  const waiting = async (what: string) => {
    const { rows } = await other.query(`SELECT 1 FROM pg_locks WHERE NOT granted AND ${what}`);
    return rows.length > 0;
  };
  const request = killed.add(rows(1), at);
  while (!(await waiting(`locktype = 'transactionid'`))) await sleep(10);
  let isPrepared = false;
  const preparing = next.prepare(state).then(() => {
    isPrepared = true;
  });
  while (!isPrepared && !(await waiting(`locktype = 'advisory'`))) await sleep(10);
  await other.query('ROLLBACK');
  await other.end();
  await Promise.all([request, preparing]);
  expect(await next.count(at)).toBe(0);
});

test('a server that is not there is one sentence', async () => {
  await using store = await openPgvectorStore({ url: 'postgres://app@127.0.0.1:1/app', namespace: 'nobody' });
  await expect(store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 })).rejects.toThrow(
    /^PostgreSQL at 127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*\.$/,
  );
});
