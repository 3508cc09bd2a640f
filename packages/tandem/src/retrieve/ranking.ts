import type { Weights } from './evidence.ts';

export interface Ranking {
  weights: Weights;
  /** What a passage loses for each earlier one of its section, and of its document; on the scale of the weights. */
  again: number;
  alike: number;
  /** What a reranker's whole score (from 0 to 1) is worth beside the rest. */
  reranked: number;
}

/**
 * Fitted by `bench/retrieve/fit.ts` on 1,131 of MedQuAD's train questions (up to 300 each: plain, by abbreviation, and in synthetic
 * own words of either half, the latter counted three times), as it prints them; `again` by hand, and `exact`, since they ask for no
 * code. A collection without names to find and headings of a known kind is ranked by what is left: cosines, words and ranks
 * (`ordinary-documents.slow.test.ts`).
 */
export const fittedRanking: Ranking = {
  weights: {
    dense: 2,
    focused: 2.1,
    asked: -0.6,
    heading: 1.4,
    section: 3.7,
    kind: 2.3,
    lexical: 0.9,
    condensed: 0.7,
    denseRank: 1,
    lexicalRank: 0.7,
    named: 3.4,
    cover: 1.2,
    verbatim: 1.5,
    document: 3,
    meant: 1.5,
    first: 3.9,
    lead: 1.7,
    exact: 6,
    listing: -0.7,
  },
  again: 2,
  alike: 0,
  reranked: 6,
};
