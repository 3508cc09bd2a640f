import type { LexicalIndex } from '../lexical-index.ts';
import type { VectorStore } from '../vector-store.ts';
import type { LanceStoreOptions } from './lance-chunks.ts';

export type { FullTextSettings, LanceStoreOptions } from './lance-chunks.ts';

/**
 * The embedded store: one LanceDB table for each index generation under `directory`, dense and full-text search on the same
 * rows. Opening touches no disk; a reader and a writer may be two processes.
 */
export async function openLanceStore(
  directory: string,
  options: LanceStoreOptions = {},
): Promise<VectorStore & LexicalIndex> {
  // Read when the native part is loaded: its warnings are for LanceDB's developers and would go to the user's terminal.
  process.env.LANCEDB_LOG ??= 'error';
  const { LanceStore } = await import('./lance-chunks.ts');
  return await LanceStore.open(directory, options);
}
