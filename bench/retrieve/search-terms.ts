import { bm25 } from '../../packages/tandem/src/store/bm25.ts';
import { countTerms } from '../../packages/tandem/src/text/terms.ts';

/** Search by words alone, as stores compute it: the places of the ten best passages, best first. */
export function searchOver(passages: readonly (readonly string[])[]) {
  const counts = passages.map(countTerms);
  const average = passages.reduce((sum, { length }) => sum + length, 0) / passages.length;
  const having = countTerms(counts.flatMap((terms) => [...terms.keys()]));
  const search = (query: readonly string[]): number[] => {
    const scores = new Float64Array(passages.length);
    for (const [term, times] of countTerms(query)) {
      const holders = having.get(term) ?? 0;
      const weight = times * Math.log(1 + (passages.length - holders + 0.5) / (holders + 0.5));
      for (const [at, terms] of counts.entries()) {
        const frequency = terms.get(term);
        if (frequency === undefined) continue;
        const norm = bm25.k1 * (1 - bm25.b + (bm25.b * passages[at]!.length) / average);
        scores[at]! += (weight * frequency) / (frequency + norm);
      }
    }
    return [...scores.keys()]
      .filter((at) => scores[at]! > 0)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, 10);
  };
  return Object.assign(search, { average });
}
