/**
 * Search among texts of one package or document by words, in the terms that Tandem's full-text search compares: what looks right and is wrong
 * makes a hard negative. By meaning the texts of one document are near each other anyhow.
 */
import { termsOf } from '../../packages/tandem/src/text/terms.ts';

/** Scores all texts for a query by BM25. */
export function createWordSearch(texts: readonly string[]) {
  const lengths: number[] = [];
  const postings = new Map<string, { at: number; count: number }[]>();
  for (const [at, text] of texts.entries()) {
    const terms = termsOf(text);
    lengths.push(terms.length);
    for (const [term, own] of Map.groupBy(terms, (each) => each)) {
      const list = postings.get(term);
      if (list) list.push({ at, count: own.length });
      else postings.set(term, [{ at, count: own.length }]);
    }
  }
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  return (query: string): Float64Array => {
    const words = new Float64Array(texts.length);
    for (const term of termsOf(query)) {
      const own = postings.get(term) ?? [];
      const rarity = Math.log(1 + (texts.length - own.length + 0.5) / (own.length + 0.5));
      for (const { at, count } of own)
        words[at]! +=
          (rarity * count * (saturation + 1)) /
          (count + saturation * (1 - byLength + (byLength * lengths[at]!) / meanLength));
    }
    return words;
  };
}

/** BM25's k1 and b, the usual ones. */
const saturation = 1.2;
const byLength = 0.75;
