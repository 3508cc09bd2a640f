import { discountedGain, type Interval, intervalOfDifference } from '../statistics/index.ts';
import type { RetrievalEvaluation } from './retrieval.ts';

/** One search less another, case by case; the intervals are 95 %, by groups. */
export interface RetrievalDifference {
  recallAt1: Interval;
  ndcg: Interval;
}

/** How much more `a` finds than `b` of the same cases. */
export function retrievalDifference(
  a: Pick<RetrievalEvaluation, 'ranks'>,
  b: Pick<RetrievalEvaluation, 'ranks'>,
): RetrievalDifference {
  const others = new Map(b.ranks.map(({ id, rank }) => [id, rank]));
  const differ = (score: (rank: number | undefined) => number) =>
    intervalOfDifference(
      {
        a: a.ranks.map(({ rank }) => score(rank)),
        b: a.ranks.map(({ id }) => score(others.get(id))),
        groups: a.ranks.map(({ group }) => group),
      },
      { bounds: [0, 1] },
    )!;
  return { recallAt1: differ((rank) => Number(rank === 1)), ndcg: differ(discountedGain) };
}

/** With three digits, `+0.012`; a true minus sign. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
