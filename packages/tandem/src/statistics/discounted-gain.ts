/**
 * What a question with one relevant item adds to nDCG@10 (Järvelin & Kekäläinen 2002): 1 for rank 1, discounted by the logarithm of the
 * rank.
 *
 * @param rank of the item, from 1; undefined where it was not found
 * @returns 0 beyond rank 10
 */
export function discountedGain(rank = Number.POSITIVE_INFINITY): number {
  return rank <= 10 ? 1 / Math.log2(1 + rank) : 0;
}
