import type { Catalog } from '../catalog/catalog.ts';
import type { Passage } from '../core/types/document.ts';

/** Adds to each passage when its document was last seen in its source, and since when it has its present content. One look-up for all. */
export async function addFreshness(catalog: Catalog, passages: readonly Passage[]): Promise<Passage[]> {
  const ids = [...new Set(passages.map(({ documentId }) => documentId))];
  const known = await catalog.documents.freshness(ids);
  return passages.map((passage) => {
    const freshness = known.get(passage.documentId);
    return freshness ? { ...passage, freshness } : passage;
  });
}
