import type { VectorStoreInterface } from '@langchain/core/vectorstores';
import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { VectorStore } from '../vector-store.ts';
import { LangChainStore } from './langchain-chunks.ts';
import { openRowLog } from './row-log.ts';

/** What a row must be like to be found; plain data, for a function that writes it in the filter language of one vector store. */
export interface RowCondition {
  /** `metadata.version` must be one of the row's newest version: `metadata.added_seq <= seq < metadata.removed_seq`. */
  seq: number;
  generation: number;
  /** `metadata.document_id` must be among these. */
  documentIds?: readonly string[];
  /** `metadata.document_id` must not be among these. */
  excludeDocumentIds?: readonly string[];
  /** `metadata.access` must be among these. */
  access?: readonly string[];
  /** For each list, one of these fields of the metadata must be `true`. */
  anyOfPairs?: readonly (readonly string[])[];
}

export interface LangChainStoreOptions {
  /** Any LangChain vector store. Its embeddings are not used: vectors come from Tandem's embedder. */
  vectorStore: Pick<VectorStoreInterface, 'addVectors' | 'delete' | 'similaritySearchVectorWithScore'>;
  /** A file for what a LangChain store does not tell: which rows there are, and since and until when they are visible. */
  file: string;
  /**
   * Writes the condition as the filter that the vector store understands; it must then give only rows that meet it (a row that
   * does not is an error, never left out in silence). Such a store must also delete by id. Absent for stores whose filter is a
   * function (MemoryVectorStore, HNSWLib …): those need not delete, an old version of a row is filtered out.
   */
  filter?: (condition: RowCondition) => unknown;
  /** The vector store forgets when its process ends: all rows are given to it again. Default false. */
  inMemory?: boolean;
}

/**
 * Vectors in any LangChain vector store; `pairStores` puts a lexical index beside it. The file is what holds; the vector store is
 * brought in line with it before each search, also after a process died between the two.
 * @throws MissingDriverError when the package `@langchain/core` is not installed.
 */
export async function openLangChainStore(options: LangChainStoreOptions): Promise<VectorStore> {
  const { Document } = await importDriver(() => import('@langchain/core/documents'), {
    packageName: '@langchain/core',
    what: 'A LangChain store',
    domain: 'store',
  });
  return new LangChainStore(openRowLog(options.file), options, (fields) => new Document(fields));
}
