import { overlapsMostly } from '../../core/span-overlap.ts';
import type { StoredChunk } from '../../store/chunk-table.ts';

/**
 * Which of the ranked passages are shown: no two (nearly) the same span of a document, nor the same words twice from one document or
 * its copy. `score` of a result is what was left of it: never above the one before.
 */
export function selectPassages<
  T extends {
    chunk: Pick<StoredChunk, 'documentId' | 'start' | 'end' | 'text' | 'headingPath'>;
    score: number;
  },
>(
  ranked: readonly T[],
  {
    k,
    turns,
    subjects = [],
  }: {
    k: number;
    /** What a passage loses for each one above it that is about the same subject, where there are several. */
    turns: number;
    /**
     * Documents of each thing that the question is about: where there are several, they take turns. The last places are kept for
     * those that the question lists and that have none yet.
     */
    subjects?: readonly { documentIds: readonly string[]; isListed: boolean }[];
  },
): { item: T; score: number }[] {
  const chosen: { item: T; score: number }[] = [];
  const left = [...ranked].sort((a, b) => b.score - a.score);
  const perSubject = new Map<number, number>();
  const several = subjects.length > 1;
  const subjectOf = ({ documentId }: { documentId: string }) =>
    several ? subjects.findIndex(({ documentIds }) => documentIds.includes(documentId)) : -1;
  const listed = subjects.filter(({ isListed }) => isListed).length;
  const waitingOf = (items: readonly T[]) =>
    new Set(
      items
        .map(({ chunk }) => subjectOf(chunk))
        .filter((at) => subjects[at]?.isListed && !perSubject.has(at)),
    );
  const standingOf = ({ chunk, score }: T) => score - turns * (perSubject.get(subjectOf(chunk)) ?? 0);
  while (chosen.length < k && left.length > 0) {
    const waiting = listed > 0 && k >= listed ? waitingOf(left) : none;
    // With no part waiting, nothing is reserved: a place is left.
    const isLast = waiting.size >= k - chosen.length;
    let best = 0;
    let value = Number.NEGATIVE_INFINITY;
    for (const [index, each] of left.entries()) {
      // Turns only lower a score: nothing further down can be better.
      if (each.score <= value) break;
      if (isLast && !waiting.has(subjectOf(each.chunk))) continue;
      const own = standingOf(each);
      if (own > value) [best, value] = [index, own];
    }
    const [next] = left.splice(best, 1) as [T];
    if (chosen.some(({ item }) => isSameSpan(item.chunk, next.chunk))) continue;
    chosen.push({ item: next, score: Math.min(value, chosen.at(-1)?.score ?? value) });
    const subject = subjectOf(next.chunk);
    if (subject >= 0) perSubject.set(subject, (perSubject.get(subject) ?? 0) + 1);
  }
  return chosen;
}

const none: ReadonlySet<number> = new Set();

/**
 * More than half of the shorter one is in the other, or they say the same: a sentence repeated in two sections, or a copy of the
 * document, whose title and headings are the same too (a common sentence about another thing is not).
 */
export function isSameSpan(a: Located, b: Located): boolean {
  if (a.documentId !== b.documentId)
    return a.headingPath.join('\n') === b.headingPath.join('\n') && words(a.text) === words(b.text);
  return overlapsMostly(a, b) || words(a.text) === words(b.text);
}

type Located = Pick<StoredChunk, 'documentId' | 'start' | 'end' | 'text' | 'headingPath'>;

const words = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
