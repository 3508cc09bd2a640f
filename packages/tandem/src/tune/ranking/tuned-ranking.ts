import type { Ranking } from '../../retrieve/fuse/ranking.ts';
import type { Interval } from '../../statistics/index.ts';
import type { ChosenWeight } from './choose-reranked.ts';

/** A ranking that was learnt, and what it brings on questions that it was not learnt from. */
export interface TunedRanking {
  id: string;
  /** The run in the catalogue. */
  runId: string;
  /** For `retrieve.ranking`. */
  reference: string;
  /** What each signal is worth now, and before. */
  ranking: Ranking;
  general: Ranking;
  /** Questions that it was learnt from, and was judged on. */
  questions: { train: number; validation: number };
  /** nDCG@10 on the questions that it was judged on. */
  validation: { before: number; after: number; difference: Interval };
  /**
   * Where there is a reranker: what its score is worth, and nDCG@10 on the validation questions with the general weight and with this one,
   * which was chosen on them.
   */
  reranked?: ChosenWeight & { questions: number };
  /** Nothing has changed since it was learnt: no question, document, embedder or setting. It is the same as before. */
  reused: boolean;
}
