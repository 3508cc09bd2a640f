/** Search among the passages of one package, by meaning and by words: what looks right to Tandem and is wrong makes a hard negative. */
import { dot } from '../../packages/tandem/src/core/cosine.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';

/** Passages, and what each search compares of them: unit vectors, and texts as they are indexed. */
export interface Searched {
  vectors: readonly Float32Array[];
  texts: readonly string[];
}

/** Scores all passages for a query: half its cosine, half BM25 as a share of the best, as a general index weighs them. */
export function createPackageSearch({ vectors, texts }: Searched) {
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
  return (query: string, queryVector: Float32Array): Float64Array => {
    const words = new Float64Array(texts.length);
    for (const term of termsOf(query)) {
      const own = postings.get(term) ?? [];
      const rarity = Math.log(1 + (texts.length - own.length + 0.5) / (own.length + 0.5));
      for (const { at, count } of own)
        words[at]! +=
          (rarity * count * (saturation + 1)) /
          (count + saturation * (1 - byLength + (byLength * lengths[at]!) / meanLength));
    }
    const best = words.reduce((most, value) => Math.max(most, value), 1e-9);
    return words.map((value, at) => 0.5 * dot(queryVector, vectors[at]!) + (0.5 * value) / best);
  };
}

/** BM25's k1 and b, the usual ones. */
const saturation = 1.2;
const byLength = 0.75;
