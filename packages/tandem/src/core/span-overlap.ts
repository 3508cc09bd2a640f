/** A stretch `[start, end)` of one document's text, in UTF-16 units. */
interface Span {
  start: number;
  end: number;
}

/** How far two spans of one document overlap, in UTF-16 units; 0 or less where they do not. */
export function overlapOf(a: Span, b: Span): number {
  return Math.min(a.end, b.end) - Math.max(a.start, b.start);
}

/** Whether more than half of the shorter one is in the other. */
export function overlapsMostly(a: Span, b: Span): boolean {
  return overlapOf(a, b) > Math.min(a.end - a.start, b.end - b.start) / 2;
}

/**
 * Whether a passage is a hit: more than half of it lies in the source (a section, longer than a passage), or it has more than half
 * of the source (a sentence, shorter than one). Cutting and ranking are compared by it, so of two halves one counts. Whether an
 * answer had and cited the right passage is measured by the milder `holdsSource` (a quarter): recall here is not above "Right
 * passage retrieved" of a comparison's report for the same passages.
 */
export function isHit(passage: Span, source: Span): boolean {
  return overlapsMostly(passage, source);
}
