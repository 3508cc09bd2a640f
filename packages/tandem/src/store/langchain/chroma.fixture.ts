import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import type { VectorStore } from '@langchain/core/vectorstores';
import { ChromaClient } from 'chromadb';
import { chromaFilter } from './chroma-filter.ts';
import { openLangChainStore } from './langchain-store.ts';

// Where `.ci/prepare-vector-servers` put it, and why.
const library = new URL(
  '../../../../../node_modules/.cache/langchain-community/node_modules/@langchain/community/dist/vectorstores/chroma.js',
  import.meta.url,
);
const { Chroma }: { Chroma: new (embeddings: FakeEmbeddings, options: object) => VectorStore } = await import(
  library.href
);

/** For the files, of one process and the processes that it starts. */
export const folder = (process.env.TANDEM_TEST_LANGCHAIN ??= join(
  tmpdir(),
  `tandem-langchain-${process.pid}`,
));

/** LangChain's Chroma over the server that the test started; its address is in the environment. */
export const open = async (place: string) => {
  const { hostname, port } = new URL(process.env.TANDEM_TEST_CHROMA!);
  // One collection has vectors of one length, and LangChain's Chroma holds one collection: a new one for other dimensions.
  const stores = new Map<number, VectorStore>();
  const storeOf = (dimensions: number) => {
    const collectionName = `${place}-${dimensions}`;
    const index = new ChromaClient({ host: hostname, port: Number(port) });
    const made = new Chroma(new FakeEmbeddings(), {
      index,
      collectionName,
      collectionMetadata: { 'hnsw:space': 'cosine' },
    });
    if (!stores.has(dimensions)) stores.set(dimensions, made);
    return stores.get(dimensions)!;
  };
  return openLangChainStore({
    vectorStore: {
      addVectors: (vectors, documents, options) =>
        storeOf(vectors[0]!.length).addVectors(vectors, documents, options),
      delete: async (params) => {
        for (const store of stores.values()) await store.delete(params as { ids: string[] });
      },
      similaritySearchVectorWithScore: (query, k, filter) =>
        storeOf(query.length).similaritySearchVectorWithScore(query, k, filter as never),
    },
    file: join(folder, `${place}.sqlite`),
    filter: chromaFilter,
  });
};
