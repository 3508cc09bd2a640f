import {
  type ConsistencyLevelEnum,
  DataType,
  FunctionType,
  LoadState,
  MilvusClient,
} from '@zilliz/milvus2-sdk-node';
import { IndexMissingError } from '../../core/errors/index-missing-error.ts';
import { StoreError } from '../../core/errors/store-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { sha256 } from '../../core/hash.ts';
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
import { isImpossible, metadataPairs, pairField, wantedPairs } from '../filter.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { ranked } from '../ranked.ts';
import { rowsPerRead, type ScanKey, scanByKeys } from '../scan.ts';
import type { VectorStore } from '../vector-store.ts';
import { asciiTerm } from './ascii-term.ts';
import type { MilvusStoreOptions } from './milvus-options.ts';

/**
 * One collection for each generation, `NAMESPACE_N`. Terms are stored in ASCII, joined by spaces, so that Milvus's analyzer does
 * nothing but split them again.
 */
export class MilvusStore implements VectorStore, LexicalIndex {
  #client: MilvusClient;
  #namespace: string;
  #address: string;
  /** Of collections that are loaded, by name. */
  #dimensions = new Map<string, number>();

  constructor({ address, token, database, namespace }: MilvusStoreOptions) {
    this.#address = address;
    this.#namespace = namespace;
    this.#client = new MilvusClient({
      address,
      timeout: 60_000,
      maxRetries: 1,
      // Else every request goes to the terminal where NODE_ENV is not "production".
      logLevel: 'error',
      ...(token !== undefined && { token }),
      ...(database !== undefined && { database }),
    });
    // The constructor connects already. Whoever asks something first hears of its failure.
    this.#client.connectPromise.catch(() => {});
  }

  async prepare({ generation, dimensions, committedSeq }: IndexedState): Promise<void> {
    const name = this.#name(generation);
    await this.#explained(async () => {
      const { data } = checked(await this.#client.listCollections());
      const own = new RegExp(`^${this.#namespace}_[0-9]+$`);
      for (const { name: other } of data)
        if (own.test(other) && (other !== name || (await this.#dimensionsOf(generation)) !== dimensions))
          checked(await this.#client.dropCollection({ collection_name: other }));
      this.#dimensions.delete(name);
      const { value: exists } = checked(await this.#client.hasCollection({ collection_name: name }));
      if (!exists) await this.#create(name, dimensions);
      await this.#dimensionsOf(generation);
      await this.#delete(name, `added_seq > ${committedSeq} or removed_seq <= ${committedSeq}`);
      const tooEarly = `removed_seq > ${committedSeq} and removed_seq < ${notRemoved}`;
      await this.#rewrite(name, tooEarly, { removed_seq: notRemoved });
    });
    await this.flush();
  }

  async add(rows: readonly ChunkRow[], at: Snapshot): Promise<void> {
    if (rows.length === 0) return;
    checkDimensions(rows, await this.#dimensionsOf(at.generation));
    const data = rows.map((row) => ({
      key: keyOf(row.id, at.seq),
      slice: sliceOf(row.id),
      document_id: row.documentId,
      ordinal: row.ordinal,
      access: row.access,
      metadata_pairs: metadataPairs(row.metadata).map(pairField),
      chunk: chunkToJson(row),
      terms: row.terms.map(asciiTerm).join(' '),
      vector: [...row.vector],
      added_seq: at.seq,
      removed_seq: notRemoved,
    }));
    await this.#explained(() => this.#upsert(this.#name(at.generation), data));
  }

  async remove(documentIds: readonly string[], at: Snapshot): Promise<void> {
    if (documentIds.length === 0) return;
    const gone = `${isIn('document_id', documentIds)} and added_seq < ${at.seq} and removed_seq == ${notRemoved}`;
    await this.#explained(async () => {
      await this.#dimensionsOf(at.generation);
      await this.#rewrite(this.#name(at.generation), gone, { removed_seq: at.seq });
    });
  }

  /**
   * Milvus answers a write when it is in its log, which survives. Closing the open segment is asked for as well; a server that
   * limits how often that may be done says so, and nothing is lost.
   */
  async flush(): Promise<void> {
    await this.#explained(async () => {
      for (const name of this.#dimensions.keys()) {
        const status = await this.#client.flush({ collection_names: [name] });
        if (!/rate limit/i.test(JSON.stringify(status))) checked(status);
      }
    });
  }

  async maintain(at: Snapshot): Promise<void> {
    await this.#explained(async () => {
      await this.#dimensionsOf(at.generation);
      await this.#delete(this.#name(at.generation), `removed_seq <= ${at.seq}`);
    });
    await this.flush();
  }

  async count(at: Snapshot, filter?: ChunkFilter): Promise<number> {
    if (isImpossible(filter)) return 0;
    try {
      return await this.#explained(async () => {
        await this.#dimensionsOf(at.generation);
        return await this.#countWhere(this.#name(at.generation), where(at, filter));
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
    const name = this.#name(at.generation);
    const keys = await this.#explained(async () => {
      await this.#dimensionsOf(at.generation);
      const found: ScanKey[] = [];
      if (isImpossible(filter)) return found;
      const fields = ['key', 'document_id', 'ordinal'];
      for await (const batch of this.#batches(name, where(at, filter), fields))
        found.push(
          ...batch.map(({ key, document_id, ordinal }) => ({ key, documentId: document_id, ordinal })),
        );
      return found;
    });
    const fields = ['key', 'chunk', 'added_seq', ...(options.withVectors ? ['vector'] : [])];
    const read = (some: string[]) =>
      this.#explained(async () => {
        const { data } = checked(
          await this.#client.query({
            collection_name: name,
            filter: isIn('key', some),
            output_fields: fields,
            limit: some.length,
            consistency_level: strong,
          }),
        );
        return new Map(
          data.map(({ key, chunk, added_seq, vector }) => [
            key as string,
            {
              chunk: chunkFromJson(chunk, added_seq),
              ...(options.withVectors && { vector: Float32Array.from(vector) }),
            },
          ]),
        );
      });
    yield* scanByKeys(keys, read, options);
  }

  async searchVector(vector: Float32Array, options: SearchOptions): Promise<ScoredChunk[]> {
    checkDimensions([{ vector }], await this.#explained(() => this.#dimensionsOf(options.at.generation)));
    return await this.#search(options, {
      anns_field: 'vector',
      data: [[...vector]],
      metric_type: 'COSINE',
      params: { ef: Math.max(200, 4 * options.limit) },
    });
  }

  async searchTerms(terms: readonly string[], options: SearchOptions): Promise<ScoredChunk[]> {
    await this.#explained(() => this.#dimensionsOf(options.at.generation));
    if (terms.length === 0) {
      options.signal?.throwIfAborted();
      return [];
    }
    return await this.#search(options, {
      anns_field: 'sparse',
      data: [terms.map(asciiTerm).join(' ')],
      metric_type: 'BM25',
      params: {},
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.closeConnection();
  }

  async #search(
    { at, limit, filter, withVectors, signal }: SearchOptions,
    search: { anns_field: string; data: unknown; metric_type: string; params: object },
  ): Promise<ScoredChunk[]> {
    signal?.throwIfAborted();
    if (isImpossible(filter)) return [];
    return await this.#explained(async () => {
      const { results } = checked(
        await this.#client.search({
          collection_name: this.#name(at.generation),
          ...search,
          filter: where(at, filter),
          limit,
          output_fields: ['chunk', 'added_seq', ...(withVectors ? ['vector'] : [])],
          consistency_level: strong,
          // biome-ignore lint/suspicious/noExplicitAny: the SDK's type of one search is a union over all that it can do
        } as any),
      );
      signal?.throwIfAborted();
      // Milvus Lite gives BM25 scores below zero, Milvus above.
      const scoreOf = (score: number) => (search.metric_type === 'BM25' ? Math.abs(score) : score);
      return ranked(
        // biome-ignore lint/suspicious/noExplicitAny: rows are of the collection's fields
        (results as any[]).map(({ chunk, added_seq, vector, score }) => ({
          chunk: chunkFromJson(chunk, added_seq),
          score: scoreOf(score),
          ...(withVectors && { vector: Float32Array.from(vector) }),
        })),
      );
    });
  }

  #name(generation: number): string {
    return `${this.#namespace}_${generation}`;
  }

  /** Also loads the collection, where it is not: nothing in it can be asked for before. */
  async #dimensionsOf(generation: number): Promise<number> {
    const name = this.#name(generation);
    const known = this.#dimensions.get(name);
    if (known !== undefined) return known;
    const { value: exists } = checked(await this.#client.hasCollection({ collection_name: name }));
    if (!exists) throw this.#missing();
    const { schema } = checked(await this.#client.describeCollection({ collection_name: name }));
    const field = schema.fields.find(({ name }) => name === 'vector');
    const dimensions = Number(field?.type_params.find(({ key }) => key === 'dim')?.value);
    checked(await this.#client.loadCollection({ collection_name: name }));
    for (;;) {
      const { state } = checked(await this.#client.getLoadState({ collection_name: name }));
      if (state === LoadState.LoadStateLoaded) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    this.#dimensions.set(name, dimensions);
    return dimensions;
  }

  async #create(name: string, dimensions: number): Promise<void> {
    const text = (field: string, bytes: number, more = {}) => ({
      name: field,
      data_type: DataType.VarChar,
      max_length: bytes,
      ...more,
    });
    checked(
      await this.#client.createCollection({
        collection_name: name,
        consistency_level: 'Strong',
        fields: [
          text('key', 1024, { is_primary_key: true }),
          { name: 'slice', data_type: DataType.Int32 },
          text('document_id', 1024),
          { name: 'ordinal', data_type: DataType.Int32 },
          text('access', 512),
          {
            name: 'metadata_pairs',
            data_type: DataType.Array,
            element_type: DataType.VarChar,
            max_length: 64,
            max_capacity: 512,
          },
          text('chunk', 65_535),
          text('terms', 65_535, { enable_analyzer: true, analyzer_params: { tokenizer: 'standard' } }),
          { name: 'vector', data_type: DataType.FloatVector, dim: dimensions },
          { name: 'sparse', data_type: DataType.SparseFloatVector, is_function_output: true },
          { name: 'added_seq', data_type: DataType.Int32 },
          { name: 'removed_seq', data_type: DataType.Int32 },
        ],
        functions: [
          {
            name: 'terms_bm25',
            type: FunctionType.BM25,
            input_field_names: ['terms'],
            output_field_names: ['sparse'],
            params: {},
          },
        ],
        index_params: [
          {
            field_name: 'vector',
            index_type: 'HNSW',
            metric_type: 'COSINE',
            params: { M: 16, efConstruction: 200 },
          },
          {
            field_name: 'sparse',
            index_type: 'SPARSE_INVERTED_INDEX',
            metric_type: 'BM25',
            params: { bm25_k1: bm25.k1, bm25_b: bm25.b },
          },
        ],
      }),
    );
  }

  async #delete(name: string, filter: string): Promise<void> {
    checked(await this.#client.delete({ collection_name: name, filter }));
  }

  /** Milvus changes a row by writing it anew. */
  async #rewrite(name: string, filter: string, change: { removed_seq: number }): Promise<void> {
    const rows = [];
    for await (const batch of this.#batches(name, filter, rowFields)) rows.push(...batch);
    await this.#upsert(
      name,
      rows.map((row) => ({
        ...Object.fromEntries(rowFields.map((field) => [field, row[field]])),
        ...change,
      })),
    );
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows are of the collection's fields
  async #upsert(name: string, rows: any[]): Promise<void> {
    for (let from = 0; from < rows.length; from += 500)
      checked(await this.#client.upsert({ collection_name: name, data: rows.slice(from, from + 500) }));
  }

  /**
   * All rows that meet the condition, some hundred at a time, in no order. Milvus gives no more than 16,384 rows to a query, and which
   * ones is up to it: so it is asked for a slice of them at a time, and for half of the slice where that is too many still.
   */
  // biome-ignore lint/suspicious/noExplicitAny: rows are of the collection's fields
  async *#batches(name: string, filter: string, fields: string[]): AsyncGenerator<any[]> {
    const rows = await this.#countWhere(name, filter);
    const width = Math.max(1, Math.ceil(slices / Math.max(1, Math.ceil(rows / rowsPerRead))));
    const ranges: [number, number][] = [];
    for (let from = 0; from < slices; from += width) ranges.push([from, Math.min(slices, from + width)]);
    for (let range = ranges.shift(); range; range = ranges.shift()) {
      const [from, to] = range;
      const { data } = checked(
        await this.#client.query({
          collection_name: name,
          filter: `(${filter}) and slice >= ${from} and slice < ${to}`,
          output_fields: fields,
          limit: mostPerQuery,
          consistency_level: strong,
        }),
      );
      const middle = Math.floor((from + to) / 2);
      if (data.length < mostPerQuery || middle === from) yield data;
      else ranges.unshift([from, middle], [middle, to]);
    }
  }

  async #countWhere(name: string, filter: string): Promise<number> {
    const { data } = checked(
      await this.#client.query({
        collection_name: name,
        filter,
        output_fields: ['count(*)'],
        consistency_level: strong,
      }),
    );
    return Number(data[0]!['count(*)']);
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (TandemError.isInstance(error) || (error as Error).name === 'AbortError') throw error;
      const { message } = error as Error;
      if (/collection.*not (found|exist)|can't find collection/i.test(message)) {
        this.#dimensions.clear();
        throw this.#missing(error);
      }
      const refused = error instanceof MilvusRefusal;
      throw new StoreError({
        store: 'milvus',
        cause: error,
        message: refused
          ? `Milvus at ${this.#address} refused what the store asked of it: ${message}.`
          : `Milvus at ${this.#address} cannot be reached: ${message}.`,
        hint: refused
          ? "Look at the server's log."
          : 'Check that it runs and that the address and token are right.',
      });
    }
  }

  #missing(cause?: unknown): IndexMissingError {
    return new IndexMissingError({
      domain: 'store',
      message: `There is no search index "${this.#namespace}" in Milvus at ${this.#address}.`,
      cause,
    });
  }
}

/** ConsistencyLevelEnum.Strong: a search sees what was answered before it. */
const strong = 0 as ConsistencyLevelEnum;

/** All but the function's output, which Milvus makes itself. */
const rowFields = [
  'key',
  'slice',
  'document_id',
  'ordinal',
  'access',
  'metadata_pairs',
  'chunk',
  'terms',
  'vector',
  'added_seq',
  'removed_seq',
];

/** Rows are spread over so many slices, by their ids. */
const slices = 2 ** 30;
const sliceOf = (id: string) => Number.parseInt(sha256(id).slice(0, 8), 16) % slices;

const mostPerQuery = 4 * rowsPerRead;

class MilvusRefusal extends Error {}

/** The SDK does not throw for what the server refuses: each answer says whether it is one. */
function checked<Answer extends object>(answer: Answer): Answer {
  const { status = answer } = answer as { status?: unknown };
  const { error_code, code, reason } = status as { error_code?: unknown; code?: number; reason?: string };
  const failed =
    (code !== undefined && code !== 0) ||
    (error_code !== undefined && error_code !== 'Success' && error_code !== 0);
  if (failed) throw new MilvusRefusal(String(reason || error_code).replace(/\.$/, ''));
  return answer;
}

const keyOf = (id: string, seq: number) => `${seq} ${id}`;

const isIn = (field: string, values: readonly string[]) =>
  `${field} in [${values.map((value) => JSON.stringify(value)).join(', ')}]`;

function where(at: Snapshot, filter: ChunkFilter = {}): string {
  const conditions = [`added_seq <= ${at.seq}`, `removed_seq > ${at.seq}`];
  if (filter.documentIds) conditions.push(isIn('document_id', filter.documentIds));
  if (filter.excludeDocumentIds?.length)
    conditions.push(`not (${isIn('document_id', filter.excludeDocumentIds)})`);
  if (filter.access) conditions.push(isIn('access', filter.access));
  for (const pairs of wantedPairs(filter))
    conditions.push(
      `array_contains_any(metadata_pairs, [${pairs.map((pair) => JSON.stringify(pairField(pair))).join(', ')}])`,
    );
  return conditions.join(' and ');
}
