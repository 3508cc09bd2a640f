import type { LexicalIndex } from './lexical-index.ts';
import type { VectorStore } from './vector-store.ts';

/** Where chunks are kept and searched, by meaning and by words. A vector store without full text is paired with one that has it. */
export type Store = VectorStore & LexicalIndex;
