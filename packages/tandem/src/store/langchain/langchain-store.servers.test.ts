import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { vectorStoreConformance } from '../conformance.ts';
import { startChroma, type VectorServer } from '../vector-servers.fixture.ts';
import { folder, open } from './chroma.fixture.ts';

let server: VectorServer;
beforeAll(async () => {
  server = await startChroma();
  process.env.TANDEM_TEST_CHROMA = server.url;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('LangChain’s Chroma, on a server and filtered in its own language', () => {
  const target = { open, module: new URL('./chroma.fixture.ts', import.meta.url).href, finishesLate: true };
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});
