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
    dense: 1.8,
    focused: 4.5,
    asked: 1.4,
    heading: 6.4,
    section: 9.5,
    lexical: 0.3,
    condensed: 0.4,
    denseRank: 0,
    lexicalRank: 0.6,
    named: 4.4,
    cover: 1.4,
    verbatim: 1.7,
    titled: 0,
    document: 6.1,
    first: 5.1,
    opening: 0,
    lead: 2.6,
  },
  again: 2,
  alike: 0,
};
