import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { vectorStoreConformance, writerRows } from '../conformance.ts';
import { openLangChainStore } from './langchain-store.ts';
import { folder, open } from './memory.fixture.ts';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('LangChain’s MemoryVectorStore as a vector store', () => {
  const target = { open, module: new URL('./memory.fixture.ts', import.meta.url).href };
  for (const { name, run } of vectorStoreConformance(target)) test(name, run);
});

test('a vector store that ignores its filter is found out: no row slips through', async () => {
  class Careless extends MemoryVectorStore {
    override similaritySearchVectorWithScore(query: number[], k: number) {
      return super.similaritySearchVectorWithScore(query, k);
    }
  }
  await using store = await openLangChainStore({
    vectorStore: new Careless(new FakeEmbeddings()),
    file: join(folder, 'careless.sqlite'),
    inMemory: true,
  });
  await store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 });
  const rows = writerRows('secret', 1).map((row) => ({ ...row, access: 'board' }));
  await store.add(rows, { generation: 1, seq: 1 });
  const options = { at: { generation: 1, seq: 1 }, limit: 3, filter: { access: ['public'] } };
  await expect(store.searchVector(rows[0]!.vector, options)).rejects.toThrow(
    /gave the chunk secret .* which its filter leaves out/,
  );
});
