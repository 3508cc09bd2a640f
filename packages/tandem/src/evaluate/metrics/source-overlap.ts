import type { Case } from '../../core/types/example.ts';

/**
 * True when a span of a document holds enough of where the answer stands for a reader to find it there: the same document, and at
 * least a quarter of the shorter of the two spans in common. Chunks overlap by a few sentences, so merely touching is not enough; a
 * chunk may start in the section before, so holding all of it is too much.
 *
 * Milder on purpose than `isHit` of `evaluate/retrieval.ts` (more than half), which compares ways of searching and cutting: here a
 * citation may be one sentence, and an answer is not to be called wrong for a passage that begins a paragraph early. On the
 * clinic's cases they differ for one of 180.
 */
export function holdsSource(
  span: { documentId: string; start: number; end: number },
  source: NonNullable<Case['source']>,
): boolean {
  if (span.documentId !== source.documentId) return false;
  const common = Math.min(span.end, source.end) - Math.max(span.start, source.start);
  const shorter = Math.min(span.end - span.start, source.end - source.start);
  return common > 0 && common >= shorter / 4;
}
