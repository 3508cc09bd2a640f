import type { ScoredChunk } from './chunk-table.ts';

/** Best first, ties by id: the same search gives the same order whatever the rows' order in the store. */
export function ranked(found: ScoredChunk[]): ScoredChunk[] {
  return found.sort((a, b) => b.score - a.score || compare(a.chunk.id, b.chunk.id));
}

/** In code-unit order. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
