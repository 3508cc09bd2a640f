import { usualSeparation } from '../../index/measure-separation.ts';
import type { Signals } from '../signals/signals.ts';

/** What each signal is worth. A project's own is learnt by `learn/`; without, it is `generalRanking`. */
export interface Ranking {
  /**
   * Logit of the share that meaning has beside words, in an index of the usual separation, and what each step of separation adds to it: an
   * embedder that does not know the documents' language, or finds them all alike, must not outvote their words.
   */
  meaning: number;
  separation: number;
  /** Share that phrases have of what words say. */
  phrases: number;
  /** What the other signals add, beside a sum of 1 for meaning and words. */
  names: number;
  codes: number;
  headings: number;
  sections: number;
  /** What a reranker's score, from 0 to 1, adds: `tune/ranking/choose-reranked.ts` learns it for the reranker of a project. */
  reranked: number;
  /** What a passage loses for each one above it that is about the same of several things asked. */
  turns: number;
}

/** See bench/results/retrieve-general.md for what each was chosen on. */
export const generalRanking: Ranking = {
  meaning: 0,
  separation: 0.6,
  phrases: 0.4,
  names: 0.15,
  codes: 0.1,
  headings: 0,
  sections: 0,
  reranked: 0.3,
  turns: 0.05,
};

/** Weights of the signals of one question in one index: a passage's score is their sum, each times its signal. */
export type Weights = Signals;

/**
 * @param separation how well the embedder tells this index's passages apart: `index/measure-separation.ts`
 * @param hasPhrases whether any passage compared has one of the question's word pairs: where none has, they say nothing, and words count whole
 */
export function weightsOf(
  ranking: Ranking,
  { separation, hasPhrases }: { separation: number; hasPhrases: boolean },
): Weights {
  const meaning =
    1 / (1 + Math.exp(-(ranking.meaning + ranking.separation * (separation - usualSeparation))));
  const phrases = hasPhrases ? ranking.phrases : 0;
  const { names, codes, headings, sections } = ranking;
  // The sum of all is at most about 1, so that a score can be read as a share.
  const sum = 1 + names + codes + headings + sections;
  return {
    meaning: meaning / sum,
    words: ((1 - meaning) * (1 - phrases)) / sum,
    phrases: ((1 - meaning) * phrases) / sum,
    names: names / sum,
    codes: codes / sum,
    headings: headings / sum,
    sections: sections / sum,
  };
}
