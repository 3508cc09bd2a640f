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
 * Fitted by `bench/retrieve/fit.ts` on 600 of MedQuAD's train questions (150 each: plain, by abbreviation, and in synthetic own words of either half,
 * the latter counted three times), as it prints them; `again` by hand. What they say is general: the document must be the one that is named, the section the one whose heading and kind
 * the asking clause is like; cosines decide between what is left.
 */
export const fittedRanking: Ranking = {
  weights: {
    dense: 2.4,
    focused: 2,
    asked: -0.2,
    heading: 2.5,
    section: 3.7,
    kind: 5.5,
    lexical: 0.7,
    condensed: 0.9,
    denseRank: 0.2,
    lexicalRank: -0.1,
    named: 2.7,
    cover: 1.5,
    verbatim: 1.9,
    document: 4.5,
    meant: 2.3,
    first: 3.9,
    lead: 1.2,
    listing: -0.5,
  },
  again: 2,
  alike: 0,
  reranked: 6,
};
