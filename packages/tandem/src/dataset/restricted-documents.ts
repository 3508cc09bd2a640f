import type { Catalog } from '../catalog/catalog.ts';
import { shingles } from '../text/shingles.ts';
import { letterRuns } from './letter-runs.ts';

/** The label of documents that anybody may read. */
export const publicLabel = 'public';

/** Words in a row that are a quotation. */
const quoted = 12;

/** Tells from which restricted documents a text is. */
export interface RestrictedDocuments {
  /** The access label of a document, where it is restricted. */
  labelOf(documentId: string): string | undefined;
  /** Restricted documents that texts quote: a run of words that stands in no other document. */
  quotedIn(texts: readonly string[]): { documentId: string; label: string }[];
  isEmpty: boolean;
}

/** Looks at all documents that are indexed. */
export async function readRestricted(documents: Catalog['documents']): Promise<RestrictedDocuments> {
  const labels = new Map(
    (await documents.list()).flatMap(({ id, access }) =>
      access === publicLabel ? [] : [[id, access] as const],
    ),
  );
  const owners = new Map<string, string>();
  if (labels.size > 0) {
    // What stands in two documents is a phrase of the house, and tells nothing of either.
    const seen = new Set<string>();
    for await (const { id, text } of documents.all())
      for (const piece of shingles(letterRuns(text), quoted)) {
        if (seen.has(piece)) owners.delete(piece);
        else if (labels.has(id) && piece.split(' ').length === quoted) owners.set(piece, id);
        seen.add(piece);
      }
  }
  return {
    isEmpty: labels.size === 0,
    labelOf: (id) => labels.get(id),
    quotedIn(texts) {
      const ids = new Set(
        texts.flatMap((text) =>
          [...shingles(letterRuns(text), quoted)].flatMap((piece) => owners.get(piece) ?? []),
        ),
      );
      return [...ids].map((documentId) => ({ documentId, label: labels.get(documentId)! }));
    },
  };
}
