import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { openLangChainStore } from './langchain-store.ts';

/** For the files, of one process and the processes that it starts. */
export const folder = (process.env.TANDEM_TEST_LANGCHAIN ??= join(
  tmpdir(),
  `tandem-langchain-${process.pid}`,
));

/** LangChain wants embeddings; Tandem brings vectors, so that these are never asked. */
export const open = (place: string) =>
  openLangChainStore({
    vectorStore: new MemoryVectorStore(new FakeEmbeddings()),
    file: join(folder, `${place}.sqlite`),
    inMemory: true,
  });
