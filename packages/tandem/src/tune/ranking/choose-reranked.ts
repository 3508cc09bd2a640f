import { generalRanking } from '../../retrieve/fuse/ranking.ts';
import { gainOfFirst } from './first-wanted.ts';
import { priorQuestions } from './fit-ranking.ts';

/** A question with the passages that a reranker has read for it: what spoke for each before, and the reranker's score from 0 to 1. */
export interface RerankedQuestion {
  candidates: readonly { score: number; rerank: number; isWanted: boolean }[];
}

/** What a reranker's score may be worth; what is found best among these is then drawn towards the general weight. */
const tried = [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2];

/** What was chosen, and nDCG@10 on the questions that it was chosen on: with the general weight, and with this one. */
export interface ChosenWeight {
  weight: number;
  before: number;
  after: number;
}

/**
 * What a reranker's score is worth in a project: the weight of a small grid with the best mean nDCG@10, drawn towards the general one by
 * ten questions' worth of it. The general weight stays where that is not better. Of weights that do as well, the nearest to the general
 * one is taken. The questions must be others than the reranker was trained on: of those it knows the answers.
 */
export function chooseReranked(questions: readonly RerankedQuestion[]): ChosenWeight {
  const general = generalRanking.reranked;
  const before = gainOf(questions, general);
  let best = { weight: general, gain: before };
  for (const weight of tried.toSorted((a, b) => Math.abs(a - general) - Math.abs(b - general))) {
    const gain = gainOf(questions, weight);
    if (gain > best.gain + 1e-9) best = { weight, gain };
  }
  const { length } = questions;
  const weight = (length * best.weight + priorQuestions * general) / (length + priorQuestions);
  const after = gainOf(questions, weight);
  return after > before + 1e-9 ? { weight, before, after } : { weight: general, before, after: before };
}

/** Mean nDCG@10 by the first wanted passage. */
function gainOf(questions: readonly RerankedQuestion[], weight: number): number {
  const gains = questions.map(({ candidates }) =>
    gainOfFirst(
      candidates.map(({ score, rerank, isWanted }) => ({ isWanted, score: score + weight * rerank })),
    ),
  );
  return gains.reduce((sum, gain) => sum + gain, 0) / Math.max(1, gains.length);
}
