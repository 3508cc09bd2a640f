import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lexicalIndexConformance, vectorStoreConformance } from '../conformance.ts';
import { startMilvus, type VectorServer } from '../vector-servers.fixture.ts';
import { open } from './milvus-store.fixture.ts';
import { openMilvusStore } from './milvus-store.ts';

let server: VectorServer;
beforeAll(async () => {
  server = await startMilvus();
  process.env.TANDEM_TEST_MILVUS = server.url;
});
afterAll(() => server[Symbol.asyncDispose]());

const target = {
  open,
  module: new URL('./milvus-store.fixture.ts', import.meta.url).href,
  finishesLate: true,
};

describe('as a vector store', () => {
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});
describe('as a lexical index', () => {
  for (const { name, run } of lexicalIndexConformance(target)) test(name, run);
});

test('a server that is not there is one sentence', async () => {
  await using store = await openMilvusStore({ address: '127.0.0.1:1', namespace: 'nobody' });
  await expect(store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 })).rejects.toThrow(
    /^Milvus at 127\.0\.0\.1:1 cannot be reached: .*\.$/s,
  );
});
