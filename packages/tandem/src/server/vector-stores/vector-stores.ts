import type { Database } from '../../catalog/sqlite/database.ts';
import type { ServerFiles } from '../files/server-files.ts';
import { ApiError } from '../http/api-error.ts';
import type { Caller } from '../keys/caller.ts';
import type { Attributes, NewStoreFile, SearchRequest, SearchResults } from '../schemas/vector-stores.ts';
import { chunkingOf, chunkSettings } from './chunking.ts';
import { type Batch, FileRows, type Placing, type StoreFile } from './file-rows.ts';
import { Indexing, uriOf } from './indexing.ts';
import { searchStore } from './search-store.ts';
import { StoreIndexes, type StoreIndexOptions } from './store-indexes.ts';
import { StoreRows, type VectorStore } from './store-rows.ts';

/** What vector stores are made of. */
export interface VectorStoreOptions extends StoreIndexOptions {
  database: Database;
  files: ServerFiles;
  /** Unix seconds. */
  now(): number;
  closing: AbortSignal;
  log(error: unknown): void;
}

/**
 * The vector stores of a server. What they hold stands in the database, and is answered as stored from then on; indexes follow in the background.
 * What is removed, expired or relabelled is so at once for every search, whatever the index still has.
 */
export class VectorStores implements AsyncDisposable {
  readonly stores: StoreRows;
  readonly #rows: FileRows;
  readonly #files: ServerFiles;
  readonly #indexes: StoreIndexes;
  readonly #indexing: Indexing;
  readonly #closing: AbortSignal;
  readonly #log: (error: unknown) => void;

  private constructor(options: VectorStoreOptions, stores: StoreRows, indexes: StoreIndexes) {
    const { database, files, now, closing, log } = options;
    this.stores = stores;
    this.#rows = new FileRows(database, now);
    this.#files = files;
    this.#indexes = indexes;
    this.#indexing = new Indexing({ rows: this.#rows, files, indexes, closing, log });
    this.#closing = closing;
    this.#log = log;
    files.onDelete(({ id }) => {
      // In the same transaction; indexing begins after it.
      for (const store of this.#rows.removeEverywhere(id)) this.#indexing.wake(store);
    });
  }

  /** Opens them, and goes on with what was not indexed yet. */
  static async open(options: VectorStoreOptions): Promise<VectorStores> {
    const stores = new StoreRows(options.database, options.now);
    stores.expire();
    const indexes = await StoreIndexes.open(options, stores.withIndex());
    const opened = new VectorStores(options, stores, indexes);
    for (const store of opened.#rows.storesBehind()) opened.#indexing.wake(store);
    return opened;
  }

  /** @throws ApiError 404 where the caller's tenant has no such store */
  get(caller: Caller, id: string): VectorStore {
    const store = this.stores.get(caller.tenant, id);
    if (store.expired) this.expire();
    return store;
  }

  /** The same. @throws ApiError 400 where it has expired */
  #inUse(caller: Caller, id: string): VectorStore {
    const store = this.get(caller, id);
    if (store.expired)
      throw new ApiError(400, `The vector store ${id} has expired.`, {
        param: 'vector_store_id',
        code: 'vector_store_expired',
      });
    return store;
  }

  /** Those whose time is over give up their files and indexes. */
  expire(): void {
    for (const { id } of this.stores.expire()) this.#indexes.removeStore(id).catch(this.#log);
  }

  /** Files as they can be put into a store. @throws ApiError 404 for a file that the caller may not read, 400 for chunks that cannot be made */
  async placings(caller: Caller, given: readonly NewStoreFile[]): Promise<Placing[]> {
    const ids = new Set<string>();
    const placings = given.map(({ file_id, attributes, chunking_strategy }, at): Placing => {
      if (ids.has(file_id))
        throw new ApiError(400, `The file ${file_id} is given twice.`, { param: `file_ids[${at}]` });
      ids.add(file_id);
      const file = this.#files.get(caller.tenant, file_id);
      if (!this.#files.mayRead(file, caller.access))
        throw new ApiError(404, `There is no file ${file_id}.`, { param: 'file_id', code: 'file_not_found' });
      return { file, attributes: attributes ?? {}, chunking: chunkingOf(chunking_strategy) };
    });
    for (const chunking of new Set(placings.map((placing) => placing.chunking)))
      if (chunking !== 'auto') chunkSettings(chunking, await this.#indexes.embedder());
    return placings;
  }

  async create(
    caller: Caller,
    given: Parameters<StoreRows['create']>[1],
    files: readonly NewStoreFile[],
  ): Promise<VectorStore> {
    const placings = await this.placings(caller, files);
    const store = this.stores.create(caller.tenant, given);
    this.#place(store, placings);
    return store;
  }

  #place(store: VectorStore, placings: readonly Placing[]): void {
    if (placings.length === 0) return;
    this.#rows.place(store, placings);
    this.#indexing.wake(store.id);
  }

  async delete(caller: Caller, id: string): Promise<void> {
    this.stores.delete(this.get(caller, id));
    await this.#indexes.removeStore(id);
  }

  async addFile(caller: Caller, id: string, given: NewStoreFile): Promise<StoreFile> {
    const placings = await this.placings(caller, [given]);
    const store = this.#inUse(caller, id);
    this.#place(store, placings);
    this.stores.touch(store);
    return this.#rows.find(id, given.file_id)!;
  }

  listFiles(
    caller: Caller,
    id: string,
    page: Omit<Parameters<FileRows['list']>[1], 'held'>,
  ): ReturnType<FileRows['list']> {
    return this.#rows.list(this.get(caller, id).id, { ...page, held: caller.access });
  }

  getFile(caller: Caller, id: string, file: string): StoreFile {
    return this.#rows.get(this.get(caller, id).id, file, caller.access);
  }

  setAttributes(caller: Caller, id: string, file: string, attributes: Attributes): StoreFile {
    this.#rows.setAttributes(this.getFile(caller, id, file), attributes);
    this.#indexing.wake(id);
    return this.#rows.find(id, file)!;
  }

  removeFile(caller: Caller, id: string, file: string): void {
    this.#rows.remove(this.getFile(caller, id, file));
    this.#indexing.wake(id);
  }

  /** The text that was read of a file. @throws ApiError 400 where it is not indexed */
  async textOf(caller: Caller, id: string, file: string): Promise<string> {
    const found = this.getFile(caller, id, file);
    const document =
      found.status === 'completed'
        ? await this.#indexes.use(id, found.chunking, ({ catalog }) => catalog.documents.get(uriOf(found)))
        : undefined;
    if (document) return document.text;
    throw new ApiError(
      400,
      `The file ${file} is ${found.status === 'completed' ? 'being indexed again' : found.status.replace('_', ' ')}: there is no text of it.`,
      { param: 'file_id' },
    );
  }

  async addBatch(caller: Caller, id: string, given: readonly NewStoreFile[]): Promise<Batch> {
    const placings = await this.placings(caller, given);
    const store = this.#inUse(caller, id);
    const batch = this.#rows.placeBatch(store, placings);
    this.stores.touch(store);
    this.#indexing.wake(id);
    return this.#rows.batch(id, batch);
  }

  getBatch(caller: Caller, id: string, batch: string): Batch {
    return this.#rows.batch(this.get(caller, id).id, batch);
  }

  cancelBatch(caller: Caller, id: string, batch: string): Batch {
    this.#rows.cancel(this.getBatch(caller, id, batch));
    this.#indexing.wake(id);
    return this.getBatch(caller, id, batch);
  }

  async search(
    caller: Caller,
    id: string,
    request: SearchRequest,
    signal: AbortSignal,
  ): Promise<SearchResults> {
    const store = this.#inUse(caller, id);
    this.stores.touch(store);
    return searchStore(id, request, {
      rows: this.#rows,
      indexes: this.#indexes,
      held: caller.access,
      signal: AbortSignal.any([signal, this.#closing]),
      onOutdated: () => {
        this.#rows.indexAgain(id);
        this.#indexing.wake(id);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#indexing[Symbol.asyncDispose]();
    await this.#indexes[Symbol.asyncDispose]();
  }
}
