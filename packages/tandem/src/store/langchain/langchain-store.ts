import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { VectorStore } from '../vector-store.ts';
import { LangChainStore } from './langchain-chunks.ts';
import type { LangChainStoreOptions } from './langchain-options.ts';
import { openRowLog } from './row-log.ts';

export type { LangChainStoreOptions } from './langchain-options.ts';
export type { RowCondition } from './row-condition.ts';

/**
 * Vectors in any LangChain vector store; `pairStores` puts a lexical index beside it. The file is what holds; the vector store is
 * brought in line with it before each search, also after a process died between the two.
 * @throws MissingDriverError when the package `@langchain/core` is not installed.
 */
export async function openLangChainStore(options: LangChainStoreOptions): Promise<VectorStore> {
  const { Document } = await importDriver(() => import('@langchain/core/documents'), {
    packageName: '@langchain/core',
    what: "A LangChain store (`store: { kind: 'langchain' }`)",
    domain: 'store',
  });
  return new LangChainStore(openRowLog(options.file), options, (fields) => new Document(fields));
}
