import type { Collection, Where } from 'chromadb';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { importDriver } from '../../core/errors/missing-driver-error.ts';
import { StoreError } from '../../core/errors/store-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
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
import { isImpossible, metadataPairs, pairField, wantedPairs } from '../filter.ts';
import { checkNamespace } from '../namespace.ts';
import { ranked } from '../ranked.ts';
import { type ScanKey, scanByKeys } from '../scan.ts';
import type { VectorStore } from '../vector-store.ts';

/** Which server, and what its collections are called. */
export interface ChromaStoreOptions {
  /** `http://host:8000`, or Chroma Cloud's address. */
  url: string;
  /** Sent as `x-chroma-token`. */
  token?: string;
  /** Default: the server's `default_tenant`. */
  tenant?: string;
  /** Default: the server's `default_database`. */
  database?: string;
  /** Prefix of the collections; one for each project. */
  namespace: string;
}

/**
 * Vectors in Chroma, one collection for each generation. Chroma has no BM25: `pairStores` puts a lexical index beside it. It
 * has no transactions either: a batch that was not finished is taken back by the next `prepare`.
 * @throws MissingDriverError when the package `chromadb` is not installed.
 */
export async function openChromaStore(options: ChromaStoreOptions): Promise<VectorStore> {
  checkNamespace(options.namespace);
  const chroma = await importDriver(() => import('chromadb'), {
    packageName: 'chromadb',
    what: "A Chroma store (`store: { kind: 'chroma' }`)",
    domain: 'store',
  });
  const { protocol, hostname, port } = new URL(options.url);
  const client = new chroma.ChromaClient({
    host: hostname,
    port: Number(port || (protocol === 'https:' ? 443 : 8000)),
    ssl: protocol === 'https:',
    ...(options.tenant !== undefined && { tenant: options.tenant }),
    ...(options.database !== undefined && { database: options.database }),
    ...(options.token !== undefined && { headers: { 'x-chroma-token': options.token } }),
  });
  return new ChromaStore(chroma, client, options);
}

type Chroma = typeof import('chromadb');

class ChromaStore implements VectorStore {
  #chroma: Chroma;
  #client: InstanceType<Chroma['ChromaClient']>;
  #namespace: string;
  #url: string;
  #collections = new Map<number, Collection>();

  constructor(
    chroma: Chroma,
    client: InstanceType<Chroma['ChromaClient']>,
    { namespace, url }: ChromaStoreOptions,
  ) {
    this.#chroma = chroma;
    this.#client = client;
    this.#namespace = namespace;
    this.#url = url;
  }

  async prepare({ generation, dimensions, committedSeq }: IndexedState): Promise<void> {
    await this.#explained(generation, async () => {
      const own = new RegExp(`^${this.#namespace}_[0-9]+$`);
      for (const { name, metadata } of await this.#allCollections())
        if (own.test(name) && (name !== this.#name(generation) || metadata?.dimensions !== dimensions))
          await this.#client.deleteCollection({ name });
      this.#collections.clear();
      const collection = await this.#client.getOrCreateCollection({
        name: this.#name(generation),
        embeddingFunction: null,
        metadata: { dimensions },
        configuration: { hnsw: { space: 'cosine', max_neighbors: 16, ef_construction: 200, ef_search: 200 } },
      });
      this.#collections.set(generation, collection);
      await this.#delete(collection, {
        $or: [{ added_seq: { $gt: committedSeq } }, { removed_seq: { $lte: committedSeq } }],
      });
      const tooEarly: Where = {
        $and: [{ removed_seq: { $gt: committedSeq } }, { removed_seq: { $lt: notRemoved } }],
      };
      await this.#setRemoved(collection, tooEarly, notRemoved);
    });
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    await this.#explained(at.generation, async () => {
      const collection = await this.#collection(at.generation);
      checkDimensions(rows, dimensionsOf(collection));
      const unique = [...new Map(rows.map((row) => [row.id, row])).values()];
      for (const some of batches(unique, 300))
        await collection.upsert({
          ids: some.map(({ id }) => `${at.seq} ${id}`),
          embeddings: some.map(({ vector }) => [...vector]),
          documents: some.map(chunkToJson),
          metadatas: some.map(({ documentId, ordinal, access, metadata }) => ({
            document_id: documentId,
            ordinal,
            access,
            added_seq: at.seq,
            removed_seq: notRemoved,
            ...Object.fromEntries(metadataPairs(metadata).map((pair) => [pairField(pair), true])),
          })),
        });
    });
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length === 0) return;
    await this.#explained(at.generation, async () => {
      const gone: Where = {
        $and: [
          { document_id: { $in: [...documentIds] } },
          { added_seq: { $lt: at.seq } },
          { removed_seq: { $eq: notRemoved } },
        ],
      };
      await this.#setRemoved(await this.#collection(at.generation), gone, at.seq);
    });
  }

  /** The server answers a write when it is in its log on disk. */
  async flush(): Promise<void> {}

  async maintain(at: Snapshot): Promise<void> {
    await this.#explained(at.generation, async () => {
      await this.#delete(await this.#collection(at.generation), { removed_seq: { $lte: at.seq } });
    });
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    if (isImpossible(filter)) return 0;
    try {
      return await this.#explained(at.generation, async () => {
        const collection = await this.#collection(at.generation);
        return (await this.#ids(collection, where(at, filter))).length;
      });
    } catch (error) {
      if (IndexMissingError.isInstance(error)) return 0;
      throw error;
    }
  }

  async *scan(
    at: Snapshot,
    filter?: ChunkFilter,
    options: ScanOptions = {},
  ): AsyncGenerator<ScannedChunk, void, undefined> {
    const collection = await this.#explained(at.generation, () => this.#collection(at.generation));
    const keys: ScanKey[] = [];
    if (!isImpossible(filter))
      await this.#explained(at.generation, async () => {
        for (;;) {
          const { ids, metadatas } = await collection.get({
            where: where(at, filter),
            include: ['metadatas'],
            limit: keysPerRead,
            offset: keys.length,
          });
          for (const [i, key] of ids.entries())
            keys.push({
              key,
              documentId: String(metadatas[i]!.document_id),
              ordinal: Number(metadatas[i]!.ordinal),
            });
          if (ids.length < keysPerRead) break;
        }
      });
    const read = (some: string[]) =>
      this.#explained(at.generation, async () => {
        const { ids, documents, metadatas, embeddings } = await collection.get({
          ids: some,
          include: ['documents', 'metadatas', ...(options.withVectors ? (['embeddings'] as const) : [])],
        });
        return new Map(
          ids.map((key, i) => [
            key,
            {
              chunk: chunkFromJson(documents[i]!, Number(metadatas[i]!.added_seq)),
              ...(options.withVectors && { vector: Float32Array.from(embeddings[i]!) }),
            },
          ]),
        );
      });
    yield* scanByKeys(keys, read, options);
  }

  async searchVector(
    vector: Float32Array,
    { at, limit, filter, withVectors, signal }: SearchOptions,
  ): Promise<ScoredChunk[]> {
    signal?.throwIfAborted();
    return await this.#explained(at.generation, async () => {
      const collection = await this.#collection(at.generation);
      checkDimensions([{ vector }], dimensionsOf(collection));
      if (isImpossible(filter)) return [];
      const found = await collection.query({
        queryEmbeddings: [[...vector]],
        nResults: limit,
        where: where(at, filter),
        include: ['documents', 'metadatas', 'distances', ...(withVectors ? (['embeddings'] as const) : [])],
      });
      signal?.throwIfAborted();
      return ranked(
        found.ids[0]!.map((_, i) => ({
          chunk: chunkFromJson(found.documents[0]![i]!, Number(found.metadatas[0]![i]!.added_seq)),
          score: 1 - found.distances[0]![i]!,
          ...(withVectors && { vector: Float32Array.from(found.embeddings[0]![i]!) }),
        })),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#collections.clear();
  }

  #name(generation: number): string {
    return `${this.#namespace}_${generation}`;
  }

  async #collection(generation: number): Promise<Collection> {
    const known = this.#collections.get(generation);
    if (known) return known;
    const collection = await this.#client.getCollection({ name: this.#name(generation) });
    this.#collections.set(generation, collection);
    return collection;
  }

  async #allCollections(): Promise<Collection[]> {
    const all: Collection[] = [];
    for (;;) {
      const some = await this.#client.listCollections({ limit: 100, offset: all.length });
      all.push(...some);
      if (some.length < 100) return all;
    }
  }

  async #ids(collection: Collection, condition: Where): Promise<string[]> {
    const all: string[] = [];
    for (;;) {
      const { ids } = await collection.get({
        where: condition,
        include: [],
        limit: 10_000,
        offset: all.length,
      });
      all.push(...ids);
      if (ids.length < 10_000) return all;
    }
  }

  async #delete(collection: Collection, condition: Where): Promise<void> {
    for (const ids of batches(await this.#ids(collection, condition), 1000)) await collection.delete({ ids });
  }

  async #setRemoved(collection: Collection, condition: Where, seq: number): Promise<void> {
    for (const ids of batches(await this.#ids(collection, condition), 1000))
      await collection.update({ ids, metadatas: ids.map(() => ({ removed_seq: seq })) });
  }

  async #explained<T>(generation: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      const { ChromaNotFoundError, ChromaConnectionError } = this.#chroma;
      const { message } = error as Error;
      if (error instanceof ChromaNotFoundError) {
        this.#collections.clear();
        throw new IndexMissingError({
          domain: 'store',
          message: `There is no search index "${this.#name(generation)}" in Chroma at ${this.#url}.`,
          cause: error,
        });
      }
      const unreachable = error instanceof ChromaConnectionError || /fetch failed|ECONNREFUSED/.test(message);
      throw new StoreError({
        store: 'chroma',
        cause: error,
        message: unreachable
          ? `Chroma at ${this.#url} cannot be reached: ${message.replace(/\.$/, '')}.`
          : `Chroma at ${this.#url} refused what the store asked of it: ${message.replace(/\.$/, '')}.`,
        hint: unreachable
          ? 'Check that it runs and that the address is right.'
          : "Look at the server's log; the token, tenant and database must be right.",
      });
    }
  }
}

/** With what little of each is asked for then. */
const keysPerRead = 5000;

const dimensionsOf = (collection: Collection) => Number(collection.metadata?.dimensions);

function where(at: Snapshot, filter: ChunkFilter = {}): Where {
  const conditions: Where[] = [{ added_seq: { $lte: at.seq } }, { removed_seq: { $gt: at.seq } }];
  if (filter.documentIds) conditions.push({ document_id: { $in: [...filter.documentIds] } });
  if (filter.excludeDocumentIds?.length)
    conditions.push({ document_id: { $nin: [...filter.excludeDocumentIds] } });
  if (filter.access) conditions.push({ access: { $in: [...filter.access] } });
  for (const pairs of wantedPairs(filter)) {
    const each = pairs.map((pair): Where => ({ [pairField(pair)]: { $eq: true } }));
    conditions.push(each.length === 1 ? each[0]! : { $or: each });
  }
  return { $and: conditions };
}

function* batches<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
