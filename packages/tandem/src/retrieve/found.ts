import type { Passage } from '../core/types/document.ts';
import { fuseRankings } from './fuse/fuse-rankings.ts';
import type { Retrieval } from './retrieval.ts';
import { isSameSpan } from './select/select.ts';

/** What was found for a question, best first, before it is returned. */
export interface Found extends Omit<Retrieval, 'query' | 'parts'> {
  parts?: readonly Part[];
}

/** One of several things that a question is about, or one of the questions that it is. */
export interface Part {
  name: string;
  /** A place is kept for it, where there are as many. */
  isOwed: boolean;
  /** Also of a passage that was widened since it was found. */
  has(passage: Passage): boolean;
  /** The best of a search for it alone. */
  best?: Passage;
}

/** Several searches for one question as one, by their ranks; what is said of the question is what the last one says. */
export function fuseFound(lists: readonly [Found, ...Found[]]): Found {
  const last = lists.at(-1)!;
  const byId = new Map(lists.flatMap(({ passages }) => passages.map((passage) => [passage.id, passage])));
  const fused = fuseRankings(lists.map(({ passages }) => passages.map(({ id }) => id)));
  const explained = lists.flatMap(({ explanation }) => explanation ?? []);
  const why = new Map(explained.flatMap(({ passages }) => passages.map((each) => [each.id, each])));
  const compared = new Map(
    explained.flatMap((each) => each.compared.map((one) => [one.chunk.id, one] as const)),
  );
  return {
    ...last,
    passages: fused.map(({ id, score }, index) => {
      const passage = byId.get(id)!;
      return { ...passage, rank: index + 1, score, scores: { ...passage.scores, fused: score } };
    }),
    timings: addUpTimings(lists.map(({ timings }) => timings)),
    ...(last.explanation && {
      explanation: {
        plan: last.explanation.plan,
        weights: last.explanation.weights,
        isLearned: last.explanation.isLearned,
        compared: [...compared.values()],
        passages: fused.map(({ id }) => why.get(id)!),
      },
    }),
  };
}

/** Sums of the times: the searches ran one after the other. */
function addUpTimings(timings: readonly Retrieval['timings'][]): Retrieval['timings'] {
  const sum = { embed: 0, dense: 0, lexical: 0, fuse: 0 } as Retrieval['timings'];
  for (const each of timings)
    for (const [stage, time] of Object.entries(each))
      sum[stage as keyof typeof sum] = (sum[stage as keyof typeof sum] ?? 0) + time;
  return sum;
}

/**
 * The best `k` of a ranking, no two of them (nearly) the same span. The last places are kept for parts of the question that have
 * none yet, so that cutting a longer list cannot take away what `selectPassages` and `mergeParts` gave them.
 */
export function bestPassages(
  ranked: readonly Passage[],
  { k, parts = [] }: { k: number; parts?: readonly Part[] | undefined },
): Passage[] {
  const owed = parts.filter(({ isOwed }) => isOwed);
  const chosen: Passage[] = [];
  let left = [...ranked];
  while (chosen.length < k && left.length > 0) {
    const waiting =
      k < owed.length
        ? []
        : owed.filter(
            (part) => !chosen.some((each) => part.has(each)) && left.some((each) => part.has(each)),
          );
    // With no part waiting, nothing is reserved: a place is left.
    const isLast = waiting.length >= k - chosen.length;
    const next = isLast ? left.find((each) => waiting.some((part) => part.has(each)))! : left[0]!;
    chosen.push(next);
    left = left.filter((each) => each !== next && !isSameSpan(each, next));
  }
  const places = new Map(ranked.map((passage, at) => [passage, at]));
  return chosen
    .toSorted((a, b) => places.get(a)! - places.get(b)!)
    .map((passage, index) => ({ ...passage, rank: index + 1 }));
}

/** How many of the passages there are for each part, and which is best for one that still needs a place. */
export function countParts(
  parts: readonly Part[],
  passages: readonly Passage[],
): NonNullable<Retrieval['parts']> {
  return parts.map((part) => {
    const own = passages.filter((passage) => part.has(passage));
    const { best } = part;
    const first = (best && own.find((passage) => isSameSpan(passage, best))) ?? own[0];
    return { name: part.name, passages: own.length, ...(part.isOwed && first && { best: first.rank }) };
  });
}
