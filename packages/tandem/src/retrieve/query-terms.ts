import type { Catalog } from '../catalog/catalog.ts';
import type { Snapshot } from '../store/chunk-table.ts';
import { queryTermsOf } from '../text/terms.ts';

/** A query's terms for an index: as the analyses of all languages that it has give them. */
export type QueryTerms = (query: string, at: Snapshot) => Promise<string[]>;

/** Which languages there are is read from the catalogue once for each commit. */
export function queryTermsFor({ documents }: Pick<Catalog, 'documents'>): QueryTerms {
  let known: { of: string; languages: ReturnType<typeof documents.languages> } | undefined;
  return async (query, { generation, seq }) => {
    const of = `${generation}.${seq}`;
    if (known?.of !== of) {
      const mine = { of, languages: documents.languages() };
      // A failure (the catalogue was locked for a moment) is not remembered.
      mine.languages.catch(() => {
        if (known === mine) known = undefined;
      });
      known = mine;
    }
    return queryTermsOf(query, await known.languages);
  };
}
