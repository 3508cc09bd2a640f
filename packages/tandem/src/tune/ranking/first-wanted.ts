import { discountedGain } from '../../statistics/index.ts';

/** nDCG@10 of one question, by the first passage that answers; 0 where none is among the ten best. */
export function gainOfFirst(candidates: readonly { score: number; isWanted: boolean }[]): number {
  const place = candidates.toSorted((a, b) => b.score - a.score).findIndex(({ isWanted }) => isWanted);
  return place < 0 ? 0 : discountedGain(place + 1);
}
