import type { Catalog } from '../catalog/catalog.ts';
import type { Settings } from '../core/settings.ts';
import type { Models } from '../models/providers.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import type { Source } from '../sources/source.ts';
import type { Store } from '../store/store.ts';
import type { Material } from './material.ts';

/**
 * What every verb works on. Each part opens when it is first asked for. `createTandem` puts one together from parts in memory, `openProject`
 * from a folder; a verb names those that it needs.
 */
export interface Parts {
  /** Name in reports and cards, and the prefix of tables on a server. */
  readonly name: string;
  readonly settings: Settings;
  readonly catalog: Catalog;
  readonly models: Models;
  readonly material: Material;
  /** Where relative paths start, and whose commit is noted beside what was trained. Default: the working directory. */
  readonly directory: string;
  /** Where files go that are made: datasets, adapters, reports. */
  readonly dataDirectory: string;
  /** What the store is called in reports. */
  readonly storeName: string;
  store(): Promise<Store>;
  /** One for all verbs, since it remembers names and abbreviations of the index. */
  retriever(): Promise<Retriever>;
  /** The documents' sources, opened. Dispose them. */
  openSources(): Promise<OpenedSources>;
  /**
   * Runs work that uses the parts. Disposing the parts first aborts `signal`, with a DisposedError, and waits until all such work has ended.
   * @throws DisposedError when the parts are disposed already.
   */
  whileOpen<Result>(work: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/** Sources that are read from until this is disposed. */
export interface OpenedSources extends AsyncDisposable {
  readonly sources: readonly Source[];
}
