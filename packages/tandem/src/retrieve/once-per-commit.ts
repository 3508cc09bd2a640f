import type { Snapshot } from '../store/chunk-table.ts';

/** Reads what it is given to read, and remembers it until the index's next commit. */
export type OncePerCommit<T> = (at: Snapshot, read: () => Promise<T>) => Promise<T>;

/** A failure (the catalogue was locked for a moment) is not remembered. */
export function oncePerCommit<T>(): OncePerCommit<T> {
  let known: { of: string; value: Promise<T> } | undefined;
  return ({ generation, seq }, read) => {
    const of = `${generation}.${seq}`;
    if (known?.of !== of) {
      const mine = { of, value: read() };
      mine.value.catch(() => {
        if (known === mine) known = undefined;
      });
      known = mine;
    }
    return known.value;
  };
}
