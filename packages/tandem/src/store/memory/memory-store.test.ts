import { describe, expect, test } from 'vitest';
import { type ConformanceCheck, lexicalIndexConformance, vectorStoreConformance } from '../conformance.ts';
import type { Store } from '../store.ts';
import { memoryStore } from './memory-store.ts';

/** One place is one store, as long as this process lives. */
const stores = new Map<string, Promise<Store>>();
function open(place: string): Promise<Store> {
  let store = stores.get(place);
  if (!store) stores.set(place, (store = memoryStore()));
  return store;
}

// Another process cannot reach it.
const ofTwoProcesses = /^(?:writers in two processes|a writer killed)/;
const target = { open, module: import.meta.url };
const here = (checks: ConformanceCheck[]) => checks.filter(({ name }) => !ofTwoProcesses.test(name));

describe('as a vector store', () => {
  for (const { name, run } of here(vectorStoreConformance(target))) test(name, run);
});
describe('as a lexical index', () => {
  for (const { name, run } of here(lexicalIndexConformance(target))) test(name, run);
});

test('two checks alone need a second process', () => {
  const left = vectorStoreConformance(target).filter(({ name }) => ofTwoProcesses.test(name));
  expect(left).toHaveLength(2);
});

test('what it was given is gone with it', async () => {
  const store = await memoryStore();
  await store.prepare({ generation: 1, dimensions: 2, committedSeq: 0 });
  await store[Symbol.asyncDispose]();
  await expect(store.searchTerms(['a'], { at: { generation: 1, seq: 1 }, limit: 1 })).rejects.toMatchObject({
    code: 'index_missing',
  });
});
