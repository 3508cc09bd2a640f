import type { LexicalIndex } from '../lexical-index.ts';
import type { VectorStore } from '../vector-store.ts';
import type { LanceStoreOptions } from './lance-chunks.ts';

export type { LanceStoreOptions } from './lance-chunks.ts';

/**
 * The embedded store: one LanceDB table for each index generation under `directory`, dense and full-text search on the same
 * rows. Opening touches no disk; a reader and a writer may be two processes.
 *
 * @example
 * await using tandem = await createTandem({
 *   store: () => openLanceStore('index'),
 *   catalog: () => openCatalog('catalog.sqlite'),
 * });
 */
export async function openLanceStore(
  directory: string,
  options: LanceStoreOptions = {},
): Promise<VectorStore & LexicalIndex> {
  // Read when the native part is loaded: its warnings are for LanceDB's developers and would go to the user's terminal.
  process.env.LANCEDB_LOG ??= 'error';
  // What it holds of a table that it copies or indexes: rows at a time (its own: 8192), bytes read ahead (2 GB) and files read
  // at once. Rows lie in one or two files between two ingests, so that a search reads no other way than without these.
  process.env.LANCE_DEFAULT_BATCH_SIZE ??= '1024';
  process.env.LANCE_DEFAULT_IO_BUFFER_SIZE ??= String(4 * 2 ** 20);
  process.env.LANCE_DEFAULT_FRAGMENT_READAHEAD ??= '1';
  const { LanceStore } = await import('./lance-chunks.ts');
  return await LanceStore.open(directory, options);
}
