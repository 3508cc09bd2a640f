/** nDCG@10 of one question with one wanted place: by the first passage that answers, 0 where none is among the ten best. */
export function gainOfFirst(candidates: readonly { score: number; isWanted: boolean }[]): number {
  const place = candidates
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 10)
    .findIndex(({ isWanted }) => isWanted);
  return place < 0 ? 0 : 1 / Math.log2(place + 2);
}
