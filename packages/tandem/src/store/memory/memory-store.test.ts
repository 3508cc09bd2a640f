import { describe, expect, test } from 'vitest';
import { lexicalIndexConformance, vectorStoreConformance } from '../conformance.ts';
import type { Store } from '../store.ts';
import { memoryStore } from './memory-store.ts';

/**
 * A store in memory has no place to come back to: what another opening of the same place must find is kept here, by closing nothing. The
 * checks that need another process are those of stores on disk, and are named.
 */
const places = new Map<string, Store>();
async function open(place: string): Promise<Store> {
  const kept = places.get(place) ?? (await memoryStore());
  places.set(place, kept);
  return new Proxy(kept, {
    get(store, member) {
      if (member === Symbol.asyncDispose) return async () => {};
      const value: unknown = Reflect.get(store, member);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}
const target = { open, module: import.meta.url };
/** Written by processes of their own. */
const ofOtherProcesses = /process|killed|kill -9|two writers|at once/i;

describe.each([
  ['a vector store', vectorStoreConformance(target)],
  ['a lexical index', lexicalIndexConformance(target)],
])('as %s', (_as, checks) => {
  const own = checks.filter(({ name }) => !ofOtherProcesses.test(name));
  test('most checks need one process alone', () => expect(own.length).toBeGreaterThan(checks.length / 2));
  for (const { name, run } of own) test(name, run);
});

test('what it was given is gone with it', async () => {
  const store = await memoryStore();
  await store.prepare({ generation: 1, dimensions: 2, committedSeq: 0 });
  await store[Symbol.asyncDispose]();
  await expect(store.searchTerms(['a'], { at: { generation: 1, seq: 1 }, limit: 1 })).rejects.toMatchObject({
    code: 'index_missing',
  });
});
