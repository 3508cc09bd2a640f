import type { Catalog } from '../catalog/catalog.ts';
import type { SearchOptions } from '../store/chunk-table.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import { endingTerm, hasCompounds } from '../text/compounds.ts';
import { queryTermsOf, termsOf } from '../text/terms.ts';
import { oncePerCommit } from './once-per-commit.ts';

/** A query's terms for an index: as the analyses of all languages that it has give them. */
export type QueryTerms = (query: string, options: Pick<SearchOptions, 'at' | 'signal'>) => Promise<string[]>;

/** Which languages there are is read from the catalogue once for each commit. */
export function queryTermsFor({
  catalog: { documents },
  store,
}: {
  catalog: Pick<Catalog, 'documents'>;
  store: Pick<LexicalIndex, 'searchTerms'>;
}): QueryTerms {
  const once = oncePerCommit<(string | undefined)[]>();
  return async (query, { at, signal }) => {
    const languages = await once(at, () => documents.languages());
    const words = new Set(languages.filter(hasCompounds).flatMap((language) => termsOf(query, language)));
    // A word that no document has by itself may end compounds.
    const endings = await Promise.all(
      [...words].map(async (word) => {
        const ending = endingTerm(word);
        if (ending === undefined) return undefined;
        const [found] = await store.searchTerms([word], { at, limit: 1, ...(signal && { signal }) });
        return found ? undefined : ending;
      }),
    );
    return [...queryTermsOf(query, languages), ...endings.filter((ending) => ending !== undefined)];
  };
}
