import type { Catalog } from '../catalog/catalog.ts';
import type { Passage } from '../core/types/document.ts';

/** Each passage with when its document was last seen in its source, and since when it says what it says. One look-up for all. */
export async function withFreshness(catalog: Catalog, passages: readonly Passage[]): Promise<Passage[]> {
  const ids = [...new Set(passages.map(({ documentId }) => documentId))];
  const known = await catalog.documents.freshness(ids);
  return passages.map((passage) => {
    const freshness = known.get(passage.documentId);
    return freshness ? { ...passage, freshness } : passage;
  });
}
