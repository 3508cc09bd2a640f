import type { ChunkFilter, Snapshot } from '../chunk-table.ts';
import { pairField, wantedPairs } from '../filter.ts';
import type { LoggedRow } from './row-log.ts';

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

export function conditionOf(at: Snapshot, filter: ChunkFilter): RowCondition {
  return {
    seq: at.seq,
    generation: at.generation,
    ...(filter.documentIds && { documentIds: filter.documentIds }),
    ...(filter.excludeDocumentIds?.length && { excludeDocumentIds: filter.excludeDocumentIds }),
    ...(filter.access && { access: filter.access }),
    ...(filter.metadata && { anyOfPairs: wantedPairs(filter).map((pairs) => pairs.map(pairField)) }),
  };
}

/** What the vector store should have seen to; it is checked all the same. */
export function meets(row: LoggedRow, condition: RowCondition): boolean {
  const fields = new Set(row.pairs.map(pairField));
  return (
    !row.deleted &&
    row.generation === condition.generation &&
    row.addedSeq <= condition.seq &&
    row.removedSeq > condition.seq &&
    (condition.documentIds?.includes(row.documentId) ?? true) &&
    !condition.excludeDocumentIds?.includes(row.documentId) &&
    (condition.access?.includes(row.access) ?? true) &&
    (condition.anyOfPairs ?? []).every((wanted) => wanted.some((field) => fields.has(field)))
  );
}
