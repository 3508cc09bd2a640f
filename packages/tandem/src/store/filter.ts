import { sha256 } from '../core/hash.ts';
import type { ChunkFilter } from './chunk-table.ts';

/** An empty list of what may be found: nothing can be, and no store need be asked. */
export function isImpossible(filter: ChunkFilter | undefined): boolean {
  return (
    filter?.documentIds?.length === 0 ||
    filter?.access?.length === 0 ||
    Object.values(filter?.metadata ?? {}).some((values) => values.length === 0 && Array.isArray(values))
  );
}

/** One string for a key with its value, for stores that can look for strings in a list. */
export const metadataPair = (key: string, value: string) => JSON.stringify([key, value]);

export function metadataPairs(metadata: Record<string, string> | undefined): string[] {
  return Object.entries(metadata ?? {}).map(([key, value]) => metadataPair(key, value));
}

/** For each key of the filter the pairs of which a row must have one. */
export function wantedPairs(filter: ChunkFilter): string[][] {
  return Object.entries(filter.metadata ?? {}).map(([key, values]) =>
    (typeof values === 'string' ? [values] : values).map((value) => metadataPair(key, value)),
  );
}

/** A pair under a name of one length and without surprises, for stores that filter by a field for each pair. */
export const pairField = (pair: string) => `pair_${sha256(pair).slice(0, 32)}`;
