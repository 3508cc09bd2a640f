import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { LexicalIndex } from '../lexical-index.ts';
import { checkNamespace } from '../namespace.ts';
import type { VectorStore } from '../vector-store.ts';
import type { MilvusStoreOptions } from './milvus-options.ts';

export type { MilvusStoreOptions } from './milvus-options.ts';

/**
 * A store in Milvus (2.5 or newer): vectors by HNSW, full text by its BM25 function. Milvus has no transactions: a batch that was
 * not finished is taken back by the next `prepare`.
 * @throws MissingDriverError when the package `@zilliz/milvus2-sdk-node` is not installed.
 */
export async function openMilvusStore(options: MilvusStoreOptions): Promise<VectorStore & LexicalIndex> {
  checkNamespace(options.namespace);
  await importDriver(() => import('@zilliz/milvus2-sdk-node'), {
    packageName: '@zilliz/milvus2-sdk-node',
    what: "A Milvus store (`store: { kind: 'milvus' }`)",
    domain: 'store',
  });
  const { MilvusStore } = await import('./milvus-chunks.ts');
  return new MilvusStore(options);
}
