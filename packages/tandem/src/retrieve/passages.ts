import type { Passage } from '../core/types/document.ts';
import type { ChunkTable, Snapshot, StoredChunk } from '../store/chunk-table.ts';

/**
 * Passages with what stands next to them: up to `before` and `after` more chunks of the same section, joined where they touch. A
 * passage that another one took in is left out. `text` stays the document's exact slice.
 */
export async function withNeighbours(
  passages: readonly Passage[],
  options: {
    store: Pick<ChunkTable, 'scan'>;
    at: Snapshot;
    /** Document id → its text, for what stands between two chunks. */
    textOf: (documentId: string) => Promise<string | undefined>;
    before?: number;
    after?: number;
  },
): Promise<Passage[]> {
  const { store, at, textOf, before = 1, after = 1 } = options;
  const documentIds = [...new Set(passages.map(({ documentId }) => documentId))];
  const all = documentIds.length > 0 ? await Array.fromAsync(store.scan(at, { documentIds })) : [];
  const byDocument = Map.groupBy(
    all.map(({ chunk }) => chunk),
    ({ documentId }) => documentId,
  );
  const wider: Passage[] = [];
  for (const passage of passages) {
    const chunks = byDocument.get(passage.documentId) ?? [];
    const own = chunks.findIndex(({ id }) => id === passage.id);
    const text = await textOf(passage.documentId);
    if (own < 0 || text === undefined) {
      wider.push(passage);
      continue;
    }
    let [first, last] = [own, own];
    while (own - first < before && first > 0 && sameSection(chunks[first - 1]!, passage)) first--;
    while (last - own < after && last + 1 < chunks.length && sameSection(chunks[last + 1]!, passage)) last++;
    const span = {
      start: Math.min(passage.start, chunks[first]!.start),
      end: Math.max(passage.end, chunks[last]!.end),
    };
    const holder = wider.find(
      (other) =>
        other.documentId === passage.documentId && other.start <= passage.start && other.end >= passage.end,
    );
    if (!holder) wider.push({ ...passage, ...span, text: text.slice(span.start, span.end) });
  }
  return wider.map((passage, index) => ({ ...passage, rank: index + 1 }));
}

function sameSection(a: Pick<StoredChunk, 'headingPath'>, b: Pick<Passage, 'headingPath'>): boolean {
  return (
    a.headingPath.length === b.headingPath.length &&
    a.headingPath.every((heading, at) => heading === b.headingPath[at])
  );
}

/**
 * As many of the passages, best first, as fit a budget of tokens; one that does not fit is passed over for a shorter one further
 * down. Never a part of a passage: its citation would not be its span. `perPassage` tokens go to what stands around each in the
 * prompt.
 */
export function packPassages(
  passages: readonly Passage[],
  options: { maxTokens: number; countTokens: (text: string) => number; perPassage?: number },
): { passages: Passage[]; tokens: number; leftOut: number } {
  const { maxTokens, countTokens, perPassage = 12 } = options;
  const packed: Passage[] = [];
  let tokens = 0;
  for (const passage of passages) {
    const cost = countTokens(`${passage.prefix ?? ''}\n${passage.text}`) + perPassage;
    if (tokens + cost > maxTokens) continue;
    tokens += cost;
    packed.push({ ...passage, rank: packed.length + 1 });
  }
  return { passages: packed, tokens, leftOut: passages.length - packed.length };
}
