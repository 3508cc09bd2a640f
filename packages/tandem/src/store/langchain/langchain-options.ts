import type { VectorStoreInterface } from '@langchain/core/vectorstores';
import type { RowCondition } from './row-condition.ts';

/** The vector store, and what Tandem has to know of it. */
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
