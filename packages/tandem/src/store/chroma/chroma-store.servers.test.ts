import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lexicalIndexConformance, vectorStoreConformance } from '../conformance.ts';
import { startChroma, type VectorServer } from '../vector-servers.fixture.ts';
import * as pair from './chroma-pair.fixture.ts';
import { open } from './chroma-store.fixture.ts';
import { openChromaStore } from './chroma-store.ts';

let server: VectorServer;
beforeAll(async () => {
  server = await startChroma();
  process.env.TANDEM_TEST_CHROMA = server.url;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(pair.folder, { recursive: true, force: true });
});

describe('as a vector store', () => {
  const target = {
    open,
    module: new URL('./chroma-store.fixture.ts', import.meta.url).href,
    finishesLate: true,
  };
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});
describe('paired with the embedded lexical index, as one', () => {
  const target = {
    open: pair.open,
    module: new URL('./chroma-pair.fixture.ts', import.meta.url).href,
    finishesLate: true,
  };
  for (const { name, run } of lexicalIndexConformance(target)) test(name, run);
});

test('a server that is not there is one sentence', async () => {
  await using store = await openChromaStore({ url: 'http://127.0.0.1:1', namespace: 'nobody' });
  await expect(store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 })).rejects.toThrow(
    /^Chroma at http:\/\/127\.0\.0\.1:1 cannot be reached: .*\.$/s,
  );
});
