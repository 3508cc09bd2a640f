import type { Catalog } from '../catalog/catalog.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import { termsOf } from '../text/terms.ts';

/** A sentence of so many documents is a template's: "© Example Ltd.", "See also", "Ask your manager". */
const many = 3;

/** Passages that are looked through for each sentence; those that have it come first, since they have all of its words. */
const looked = 20;

/**
 * Which of these sentences stand, word for word, in three documents or more. They are looked for in the index, by the terms
 * of each one's language.
 */
export async function findRepeated(
  texts: readonly { text: string; language?: string | undefined }[],
  { store, catalog }: { store: Pick<LexicalIndex, 'searchTerms'>; catalog: Pick<Catalog, 'index'> },
  signal?: AbortSignal,
): Promise<Set<string>> {
  const state = await catalog.index.get();
  if (!state) return new Set();
  const at = { generation: state.generation, seq: state.committedSeq };
  const isRepeated = await Promise.all(
    texts.map(async ({ text, language }) => {
      const terms = termsOf(text, language);
      if (terms.length === 0) return false;
      const found = await store.searchTerms(terms, { at, limit: looked, ...(signal && { signal }) });
      const holders = found.filter(({ chunk }) => comparable(chunk.text).includes(comparable(text)));
      return new Set(holders.map(({ chunk }) => chunk.documentId)).size >= many;
    }),
  );
  return new Set(texts.filter((_, index) => isRepeated[index]).map(({ text }) => text));
}

const comparable = (text: string) => text.replace(/\s+/g, ' ');
