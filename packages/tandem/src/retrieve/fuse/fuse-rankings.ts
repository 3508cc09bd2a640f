/**
 * Reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009): an item's score is the sum over rankings of
 * `weight / (k + rank)`, rank from 1. Only ranks count, so that a cosine and a BM25 score need no common scale; `k = 60` is
 * the paper's. Best first; ties go to the item with the better best rank, then to the one seen first.
 */
export function fuseRankings(
  rankings: readonly (readonly string[])[],
  { k = 60, weights }: { k?: number; weights?: readonly number[] } = {},
): { id: string; score: number }[] {
  const found = new Map<string, { id: string; score: number; best: number }>();
  for (const [list, ranking] of rankings.entries()) {
    const seen = new Set<string>();
    for (const [index, id] of ranking.entries()) {
      // An item listed twice by one ranking counts at its first place.
      if (seen.has(id)) continue;
      seen.add(id);
      const item = found.get(id) ?? { id, score: 0, best: index };
      item.score += (weights?.[list] ?? 1) / (k + index + 1);
      item.best = Math.min(item.best, index);
      found.set(id, item);
    }
  }
  return [...found.values()]
    .sort((a, b) => b.score - a.score || a.best - b.best)
    .map(({ id, score }) => ({ id, score }));
}
