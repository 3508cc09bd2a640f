import type { RowCondition } from './row-condition.ts';

/** `filter` for LangChain's Chroma, and the pattern for any store that filters by fields of the metadata. */
export function chromaFilter(condition: RowCondition): object {
  const conditions: object[] = [
    { generation: { $eq: condition.generation } },
    { added_seq: { $lte: condition.seq } },
    { removed_seq: { $gt: condition.seq } },
  ];
  if (condition.documentIds) conditions.push({ document_id: { $in: condition.documentIds } });
  if (condition.excludeDocumentIds) conditions.push({ document_id: { $nin: condition.excludeDocumentIds } });
  if (condition.access) conditions.push({ access: { $in: condition.access } });
  for (const fields of condition.anyOfPairs ?? []) {
    const each = fields.map((field) => ({ [field]: { $eq: true } }));
    conditions.push(each.length === 1 ? each[0]! : { $or: each });
  }
  return { $and: conditions };
}
