import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import { chunkDocument } from '../chunk/chunk-document.ts';
import type { Passage } from '../core/types/document.ts';
import type { Chunking } from '../index/chunking.ts';
import { tokenLimits } from '../index/token-limits.ts';

/** Documents whose parents are remembered. */
const remembered = 200;

/** Replaces passages by the larger spans that they belong to; of several with one parent the best stays. */
export type WithParents = (passages: readonly Passage[], signal?: AbortSignal) => Promise<Passage[]>;

/**
 * Where small chunks are searched and larger ones read (`chunk.strategy: 'parent-child'`): which span belongs to a chunk follows
 * from its document and the settings, so it is cut again when it is found, and no store has to keep it. A document that is gone, or
 * has changed so that the passage is no chunk of it any more, leaves its passage as it is.
 */
export function parentsOf({
  catalog,
  embedder,
  chunking,
}: {
  catalog: Pick<Catalog, 'documents'>;
  embedder: EmbeddingModelV4;
  chunking: Chunking;
}): WithParents {
  interface Parents {
    text: string;
    /** "start-end" of a child → its parent. */
    spans: Map<string, { start: number; end: number }>;
  }
  const known = new Map<string, Parents>();

  async function parentsIn(
    documentId: string,
    signal: AbortSignal | undefined,
  ): Promise<Parents | undefined> {
    const document = await catalog.documents.get(documentId);
    if (!document) return undefined;
    const key = `${documentId}\u0000${document.contentHash}`;
    let parents = known.get(key);
    if (!parents) {
      const { overlapTokens, childTokens } = chunking;
      const chunks = await chunkDocument(document, {
        ...tokenLimits(embedder, chunking),
        overlapTokens,
        ...(childTokens !== undefined && { childTokens }),
        strategy: 'parent-child',
        ...(signal && { signal }),
      });
      parents = {
        text: document.text,
        spans: new Map(
          chunks.flatMap(({ start, end, parent }) => (parent ? [[`${start}-${end}`, parent] as const] : [])),
        ),
      };
      if (known.size >= remembered) known.delete(known.keys().next().value!);
      known.set(key, parents);
    }
    return parents;
  }

  return async (passages, signal) => {
    const wider: Passage[] = [];
    for (const passage of passages) {
      signal?.throwIfAborted();
      const parents = await parentsIn(passage.documentId, signal);
      const parent = parents?.spans.get(`${passage.start}-${passage.end}`);
      if (!parents || !parent) {
        wider.push(passage);
        continue;
      }
      const isThere = wider.some(
        ({ documentId, start, end }) =>
          documentId === passage.documentId && start === parent.start && end === parent.end,
      );
      if (!isThere)
        wider.push({
          ...passage,
          ...parent,
          text: parents.text.slice(parent.start, parent.end),
          parent,
        });
    }
    return wider.map((passage, index) => ({ ...passage, rank: index + 1 }));
  };
}
