import type { Catalog } from '../catalog/catalog.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { ChunkTable, ScannedChunk, StoredChunk } from '../store/chunk-table.ts';
import { compareCodePoints } from '../store/scan.ts';

/**
 * Do catalogue and store tell the same story? Reads both from end to end, a document at a time (seconds for a hundred thousand chunks):
 * for `tandem doctor` and for tests. Every visible chunk must belong to a catalogued document, be of its current version, and be
 * the exact slice of its text that it says; every document must have all of its chunks.
 *
 * @throws TandemError `inconsistent_index` that names the first thing found.
 */
export async function checkConsistency(
  catalog: Catalog,
  store: ChunkTable,
): Promise<{ documents: number; chunks: number }> {
  const state = await catalog.index.get();
  if (!state) return { documents: 0, chunks: 0 };
  // Both are in order of the documents' ids: they are read side by side.
  const indexed = byDocument(store.scan({ generation: state.generation, seq: state.committedSeq }));
  let next = await indexed.next();
  let chunks = 0;
  for await (const document of catalog.documents.all()) {
    const isOwn = !next.done && next.value[0].documentId === document.id;
    if (!next.done && !isOwn && compareCodePoints(next.value[0].documentId, document.id) < 0) break;
    const own = isOwn ? next.value! : [];
    if (isOwn) next = await indexed.next();
    chunks += own.length;
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
  if (!next.done)
    throw inconsistent(`there are chunks of ${next.value[0].documentId}, which is not in the catalogue`);
  return { documents: (await catalog.documents.count()).documents, chunks };
}

async function* byDocument(
  scan: AsyncIterable<ScannedChunk>,
): AsyncGenerator<[StoredChunk, ...StoredChunk[]], void, undefined> {
  let own: [StoredChunk, ...StoredChunk[]] | undefined;
  for await (const { chunk } of scan) {
    if (own?.[0].documentId === chunk.documentId) own.push(chunk);
    else {
      if (own) yield own;
      own = [chunk];
    }
  }
  if (own) yield own;
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
