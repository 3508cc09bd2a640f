import type { Weights } from './evidence.ts';

export interface Ranking {
  weights: Weights;
  /** What a passage loses for each earlier one of its section, and of its document; on the scale of the weights. */
  again: number;
  alike: number;
}

/**
 * Fitted by `bench/retrieve/fit.ts` on MedQuAD's train questions (plain, by abbreviation, and in synthetic own words, equally),
 * and rounded. What they say is general: the document must be the one that is named, the section the one whose heading and kind
 * the asking clause is like; cosines decide between what is left.
 */
export const fittedRanking: Ranking = {
  weights: {
    dense: 3,
    focused: 2.6,
    asked: 2,
    heading: 4.9,
    section: 3.7,
    lexical: 0.6,
    condensed: 0.5,
    denseRank: 1.4,
    lexicalRank: 0.1,
    named: 3.7,
    cover: 2.8,
    verbatim: 1.6,
    titled: 1.7,
    document: 1.3,
    first: 1.9,
    opening: 0,
    lead: 3,
  },
  again: 1,
  alike: 0,
};
