import type { Catalog } from '../catalog/catalog.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { ChunkTable } from '../store/chunk-table.ts';

/**
 * Do catalogue and store tell the same story? Reads both whole (seconds for a hundred thousand chunks): for `tandem doctor`
 * and for tests. Every visible chunk must belong to a catalogued document, be of its current version, and be the exact slice
 * of its text that it says; every document must have all of its chunks.
 *
 * @throws TandemError `inconsistent_index` that names the first thing found.
 */
export async function checkConsistency(
  catalog: Catalog,
  store: ChunkTable,
): Promise<{ documents: number; chunks: number }> {
  const state = await catalog.index.get();
  if (!state) return { documents: 0, chunks: 0 };
  const chunks = await store.chunks({ generation: state.generation, seq: state.committedSeq });
  const byDocument = Map.groupBy(chunks, (chunk) => chunk.documentId);
  for await (const document of catalog.documents.all()) {
    const own = byDocument.get(document.id) ?? [];
    byDocument.delete(document.id);
    if (own.length !== document.chunkCount)
      throw inconsistent(
        `${document.id} has ${own.length} chunks in the index instead of ${document.chunkCount}`,
      );
    for (const [i, chunk] of own.entries()) {
      if (chunk.addedSeq !== document.addedSeq)
        throw inconsistent(
          `${chunk.id} is of commit ${chunk.addedSeq}, its document of ${document.addedSeq}`,
        );
      if (chunk.ordinal !== i)
        throw inconsistent(`${document.id} has chunk ${chunk.ordinal} where ${i} should be`);
      if (document.text.slice(chunk.start, chunk.end) !== chunk.text)
        throw inconsistent(`${chunk.id} is not what stands at ${chunk.start}–${chunk.end} of its document`);
      if (chunk.uri !== document.uri || chunk.access !== document.access)
        throw inconsistent(`${chunk.id} has another uri or access label than its document`);
    }
  }
  const [stray] = byDocument.keys();
  if (stray !== undefined) throw inconsistent(`there are chunks of ${stray}, which is not in the catalogue`);
  return { documents: (await catalog.documents.count()).documents, chunks: chunks.length };
}

function inconsistent(what: string): TandemError {
  return new TandemError({
    code: 'inconsistent_index',
    domain: 'ingest',
    category: 'system',
    message: `The index does not match the catalogue: ${what}.`,
    hint: 'Delete the index folder in the data folder and ingest again; vectors are kept in the catalogue.',
  });
}
