import type { DocumentSummary } from '../catalog/catalog.ts';
import type { ChunkFilter } from '../store/chunk-table.ts';

/**
 * Whether a filter lets a document's rows through: what a reply says of documents' names must not reveal one that may not be seen.
 */
export function isAdmitted(
  {
    id,
    access,
    metadata = {},
  }: Pick<DocumentSummary, 'id' | 'access'> & Partial<Pick<DocumentSummary, 'metadata'>>,
  filter: ChunkFilter,
): boolean {
  return (
    (filter.documentIds?.includes(id) ?? true) &&
    !filter.excludeDocumentIds?.includes(id) &&
    (filter.access?.includes(access) ?? true) &&
    Object.entries(filter.metadata ?? {}).every(([key, values]) =>
      (typeof values === 'string' ? [values] : values).includes(metadata[key]!),
    )
  );
}
