/** Recall against latency at one size: each store by its own client, one search at a time, over the settings that trade one for the other. */

import { rmSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Document } from '@langchain/core/documents';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import type { VectorStore } from '@langchain/core/vectorstores';
import { ChromaClient } from 'chromadb';
import pg from 'pg';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import { startChroma, startPostgres } from '../../packages/tandem/src/store/vector-servers.fixture.ts';
import { type Corpus, percentile } from './corpus.ts';

export interface PeerResult {
  store: string;
  setting: string;
  /** Of the ten nearest. */
  recall: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  buildSeconds: number;
}

interface Query {
  vector: Float32Array;
  nearest: number[];
}

/** One store, filled: how it searches at one of its settings. `search` gives row numbers. */
interface Peer extends AsyncDisposable {
  store: string;
  settings: string[];
  use(setting: string): Promise<(vector: Float32Array, k: number) => Promise<number[]>>;
}

export async function measurePeers(
  corpus: Corpus,
  rows: number,
  queries: readonly Query[],
  work: string,
): Promise<PeerResult[]> {
  const results: PeerResult[] = [];
  for (const open of [tandem, hnswlib, chroma, pgvector]) {
    const before = performance.now();
    await using peer = await open(corpus, rows, join(work, `peer-${rows}-${open.name}`));
    const buildSeconds = (performance.now() - before) / 1000;
    for (const setting of peer.settings) {
      const search = await peer.use(setting);
      const times: number[] = [];
      let hits = 0;
      // The first round warms, and is not counted.
      for (let round = 0; round < 2; round++) {
        times.length = 0;
        hits = 0;
        for (const { vector, nearest } of queries) {
          const started = performance.now();
          const found = await search(vector, 10);
          times.push(performance.now() - started);
          hits += nearest.filter((i) => found.includes(i)).length;
        }
      }
      results.push({
        store: peer.store,
        setting,
        recall: hits / (queries.length * 10),
        p50: percentile(times, 0.5),
        p95: percentile(times, 0.95),
        buildSeconds,
      });
      process.stderr.write(`${JSON.stringify(results.at(-1))}\n`);
    }
  }
  return results;
}

async function tandem(corpus: Corpus, rows: number, folder: string): Promise<Peer> {
  rmSync(folder, { recursive: true, force: true });
  const at = { generation: 1, seq: 1 };
  const store = await openLanceStore(folder);
  await store.prepare({ generation: 1, dimensions: corpus.dimensions, committedSeq: 0 });
  const numberOf = new Map<string, number>();
  for (const batch of batchesOf(rows, 20_000)) {
    const made = batch.map((i) => corpus.row(i));
    for (const [j, { id }] of made.entries()) numberOf.set(id, batch[j]!);
    await store.add(made, at);
  }
  await store.maintain(at);
  await store[Symbol.asyncDispose]();
  let open = await openLanceStore(folder);
  return {
    store: 'Tandem (LanceDB IVF_RQ)',
    settings: ['probes 5', 'probes 15', 'probes 40', 'probes 79 (all; default)'],
    async use(setting) {
      await open[Symbol.asyncDispose]();
      open = await openLanceStore(folder, { probes: numberIn(setting) });
      return async (vector, limit) =>
        (await open.searchVector(vector, { at, limit })).map(({ chunk }) => numberOf.get(chunk.id)!);
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

type HnswStore = VectorStore & { index: { setEf(ef: number): void } };

async function hnswlib(corpus: Corpus, rows: number): Promise<Peer> {
  const peers = join(
    import.meta.dirname,
    ...['..', '..', 'node_modules', '.cache', 'vector-peers', 'node_modules'],
  );
  const address = pathToFileURL(join(peers, 'hnswlib-node', 'lib', 'index.js')).href;
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === 'hnswlib-node' ? address : specifier, context),
  });
  // Where `.ci/prepare-vector-servers` puts it, and why.
  const community = join(
    import.meta.dirname,
    ...[
      '..',
      '..',
      'node_modules',
      '.cache',
      'langchain-community',
      'node_modules',
      '@langchain',
      'community',
    ],
  );
  const { HNSWLib }: { HNSWLib: new (embeddings: FakeEmbeddings, options: object) => HnswStore } =
    await import(pathToFileURL(join(community, 'dist', 'vectorstores', 'hnswlib.js')).href);
  const store = new HNSWLib(new FakeEmbeddings(), { space: 'cosine' });
  for (const batch of batchesOf(rows, 10_000))
    await store.addVectors(
      batch.map((i) => [...corpus.vector(i)]),
      batch.map((i) => new Document({ pageContent: '', metadata: { i } })),
    );
  return {
    store: 'LangChain.js + hnswlib-node',
    settings: ['ef 10', 'ef 40', 'ef 100', 'ef 200', 'ef 400'],
    async use(setting) {
      store.index.setEf(numberIn(setting));
      return async (vector, k) =>
        (await store.similaritySearchVectorWithScore([...vector], k)).map(
          ([{ metadata }]) => metadata.i as number,
        );
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function chroma(corpus: Corpus, rows: number): Promise<Peer> {
  const server = await startChroma();
  const { hostname, port } = new URL(server.url);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const collection = await client.createCollection({
    name: 'scale',
    embeddingFunction: null,
    configuration: { hnsw: { space: 'cosine' } },
  });
  for (const batch of batchesOf(rows, 2000))
    await collection.add({ ids: batch.map(String), embeddings: batch.map((i) => [...corpus.vector(i)]) });
  return {
    store: 'Chroma (server)',
    settings: ['ef 10', 'ef 100 (default)', 'ef 200', 'ef 400'],
    async use(setting) {
      await collection.modify({ configuration: { hnsw: { ef_search: numberIn(setting) } } });
      return async (vector, k) =>
        (
          await collection.query({ queryEmbeddings: [[...vector]], nResults: k, include: ['distances'] })
        ).ids[0]!.map(Number);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function pgvector(corpus: Corpus, rows: number): Promise<Peer> {
  const server = await startPostgres();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query(
    `CREATE EXTENSION vector; CREATE TABLE scale (i int PRIMARY KEY, v vector(${corpus.dimensions}))`,
  );
  for (const batch of batchesOf(rows, 2000))
    await client.query(
      'INSERT INTO scale SELECT i, v::vector FROM unnest($1::int[], $2::text[]) AS given (i, v)',
      [batch, batch.map((i) => `[${corpus.vector(i).join(',')}]`)],
    );
  await client.query(`SET maintenance_work_mem = '512MB'`);
  await client.query('CREATE INDEX ON scale USING hnsw (v vector_cosine_ops)');
  await client.query('VACUUM ANALYZE scale');
  return {
    store: 'pgvector (HNSW)',
    settings: ['ef 40 (default)', 'ef 100', 'ef 200', 'ef 400'],
    async use(setting) {
      await client.query(`SET hnsw.ef_search = ${numberIn(setting)}`);
      return async (vector, k) =>
        (
          await client.query('SELECT i FROM scale ORDER BY v <=> $1 LIMIT $2', [`[${vector.join(',')}]`, k])
        ).rows.map(({ i }) => i);
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

function* batchesOf(rows: number, size: number): Generator<number[]> {
  for (let from = 0; from < rows; from += size)
    yield Array.from({ length: Math.min(size, rows - from) }, (_, j) => from + j);
}

const numberIn = (setting: string) => Number(/\d+/.exec(setting)![0]);
