import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { openCatalog } from '../../catalog/sqlite-catalog.ts';
import { createTandem, type Tandem } from '../../runtime/create-tandem.ts';
import { openLanceStore } from '../../store/lancedb/lance-store.ts';
import type { Store } from '../../store/store.ts';
import { ApiError } from '../http/api-error.ts';
import { type Chunking, chunkSettings } from './chunking.ts';

/** What the indexes are made with. */
export interface StoreIndexOptions {
  /** Its subfolder `vector_stores` is theirs. */
  folder: string;
  embedder(): Promise<EmbeddingModelV4>;
  /** Opens the chunks of an index in a folder. Default: LanceDB. */
  openStore?: (folder: string) => Promise<Store>;
}

interface Opened {
  tandem: Promise<Tandem>;
  users: number;
}

/** Open at once; more are closed when nobody uses them. */
const mostOpen = 16;

/**
 * The indexes of vector stores: for each way of cutting a Tandem of its own, in `FOLDER/vector_stores/STORE/CHUNKING`. They open when they are used,
 * and the least recently used ones close again.
 */
export class StoreIndexes implements AsyncDisposable {
  readonly #options: StoreIndexOptions;
  readonly #directory: string;
  /** By path, the most recently used last. */
  readonly #open = new Map<string, Opened>();
  readonly #deleted = new Set<string>();

  private constructor(options: StoreIndexOptions) {
    this.#options = options;
    this.#directory = join(options.folder, 'vector_stores');
  }

  /** @param known ids of the stores that there are; folders of others are removed */
  static async open(options: StoreIndexOptions, known: ReadonlySet<string>): Promise<StoreIndexes> {
    const indexes = new StoreIndexes(options);
    await mkdir(indexes.#directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(indexes.#directory))
      if (!known.has(name)) await rm(join(indexes.#directory, name), { recursive: true, force: true });
    return indexes;
  }

  embedder(): Promise<EmbeddingModelV4> {
    return this.#options.embedder();
  }

  /** Works with an index, which stays open that long. @throws ApiError 404 where the store was deleted */
  async use<Result>(
    store: string,
    chunking: Chunking,
    work: (tandem: Tandem) => Promise<Result>,
  ): Promise<Result> {
    if (this.#deleted.has(store)) throw new ApiError(404, `There is no vector store ${store}.`);
    const path = join(this.#directory, store, chunking);
    const opened = this.#open.get(path) ?? { tandem: this.#openAt(path, chunking), users: 0 };
    this.#open.delete(path);
    this.#open.set(path, opened);
    opened.users++;
    try {
      return await work(await opened.tandem);
    } catch (error) {
      // What could not be opened is tried again the next time.
      await opened.tandem.catch(() => this.#open.get(path) === opened && this.#open.delete(path));
      throw error;
    } finally {
      opened.users--;
      await this.#closeIdle();
    }
  }

  async #openAt(path: string, chunking: Chunking): Promise<Tandem> {
    const embedder = await this.#options.embedder();
    const openStore = this.#options.openStore ?? openLanceStore;
    const chunk = chunkSettings(chunking, embedder);
    return createTandem({
      name: 'vector-store',
      embedder,
      store: () => openStore(join(path, 'index')),
      catalog: () => openCatalog(join(path, 'catalog.sqlite')),
      directory: path,
      dataDirectory: path,
      settings: { ...(chunk && { chunk }) },
    });
  }

  async #closeIdle(): Promise<void> {
    for (const [path, opened] of this.#open) {
      if (this.#open.size <= mostOpen) return;
      if (opened.users > 0) continue;
      this.#open.delete(path);
      await close(opened);
    }
  }

  /** With all of its bytes. Work that uses it is stopped. */
  async removeIndex(store: string, chunking: Chunking): Promise<void> {
    await this.#remove(join(this.#directory, store, chunking));
  }

  /** All indexes of a store, with all of their bytes; none is opened any more. */
  async removeStore(store: string): Promise<void> {
    this.#deleted.add(store);
    await this.#remove(join(this.#directory, store));
  }

  async #remove(folder: string): Promise<void> {
    for (const [path, opened] of this.#open)
      if (path === folder || path.startsWith(join(folder, '/'))) {
        this.#open.delete(path);
        await close(opened);
      }
    await rm(folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map(close));
  }
}

async function close({ tandem }: Opened): Promise<void> {
  const opened = await tandem.catch(() => undefined);
  await opened?.[Symbol.asyncDispose]();
}
