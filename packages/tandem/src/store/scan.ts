import type { ScannedChunk, ScanOptions } from './chunk-table.ts';

/** What a scan knows of a row before it reads it. */
export interface ScanKey {
  key: string;
  documentId: string;
  ordinal: number;
}

/** Rows that are read at once. */
export const rowsPerRead = 500;

/**
 * A scan of a store that cannot sort: the keys of all rows (some dozen bytes each), sorted here, then the rows in batches.
 *
 * @param read gives the rows of these keys that are still there, in any order
 */
export async function* scanByKeys(
  keys: ScanKey[],
  read: (keys: string[]) => Promise<ReadonlyMap<string, ScannedChunk>>,
  { every = 1, signal }: ScanOptions,
): AsyncGenerator<ScannedChunk, void, undefined> {
  keys.sort(
    (a, b) =>
      compareCodePoints(a.documentId, b.documentId) ||
      a.ordinal - b.ordinal ||
      compareCodePoints(a.key, b.key),
  );
  const chosen = keys.filter((_, at) => at % every === 0).map(({ key }) => key);
  for (let from = 0; from < chosen.length; from += rowsPerRead) {
    signal?.throwIfAborted();
    const batch = chosen.slice(from, from + rowsPerRead);
    const rows = await read(batch);
    for (const key of batch) {
      const row = rows.get(key);
      if (row) yield row;
    }
  }
}

/** As UTF-8 is ordered; `<` orders by UTF-16 units, in which characters beyond the first 65,536 come before some of those. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    const [isHalfX, isHalfY] = [isSurrogate(x), isSurrogate(y)];
    return isHalfX === isHalfY ? x - y : isHalfX ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
