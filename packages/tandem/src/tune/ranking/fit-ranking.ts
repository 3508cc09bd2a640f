import { generalRanking, type Ranking, weightsOf } from '../../retrieve/fuse/ranking.ts';
import { scoreOf } from '../../retrieve/fuse/shares.ts';
import type { Signals } from '../../retrieve/signals/signals.ts';
import { findWeights, type Range } from './find-weights.ts';
import { gainOfFirst } from './first-wanted.ts';

/** A question with the passages that were compared for it, and which of them answer. */
export interface RankedQuestion {
  candidates: readonly { signals: Signals; isWanted: boolean }[];
}

/** What is learnt; a step is how far it may easily go from the general value. */
const learnt = {
  meaning: { step: 1, least: -6 },
  phrases: { step: 0.3, least: 0, most: 0.9 },
  names: { step: 0.3, least: 0 },
  codes: { step: 0.3, least: 0 },
  headings: { step: 0.3, least: 0 },
  sections: { step: 0.3, least: 0 },
} as const satisfies Partial<Record<keyof Ranking, Range>>;

/** How many questions' worth the general weights are. */
export const priorQuestions = 10;

/**
 * The weights under which the passages that answer a project's questions come first, shrunk towards the general ones: the least mean of
 * −log softmax(temperature × score) of the wanted passages, plus a penalty that counts as much as ten questions.
 *
 * @param questions those without a wanted passage among the compared say nothing and are passed over.
 */
export function fitRanking(
  questions: readonly RankedQuestion[],
  separation: number,
  start: Ranking = generalRanking,
): Ranking {
  const usable = questions.filter(({ candidates }) => candidates.some(({ isWanted }) => isWanted));
  if (usable.length === 0) return start;
  const names = Object.keys(learnt) as (keyof typeof learnt)[];
  const lossOf = (ranking: Ranking, temperature: number) => {
    const penalty = names.reduce(
      (sum, name) => sum + ((ranking[name] - start[name]) / learnt[name].step) ** 2,
      0,
    );
    const losses = usable.map((question) => lossAt(question, ranking, { separation, temperature }));
    return (
      losses.reduce((sum, loss) => sum + loss, 0) / usable.length +
      (priorQuestions / usable.length) * 0.1 * penalty
    );
  };
  return findWeights(start, learnt, lossOf, 0.03);
}

/** −log of the share that the wanted passages have of softmax(temperature × score). */
export function lossAt(
  { candidates }: RankedQuestion,
  ranking: Ranking,
  { separation, temperature }: { separation: number; temperature: number },
): number {
  const weights = weightsFor(candidates, ranking, separation);
  const scores = candidates.map(({ signals }) => temperature * scoreOf(signals, weights));
  const most = Math.max(...scores);
  let all = 0;
  let wanted = 0;
  for (const [at, { isWanted }] of candidates.entries()) {
    const share = Math.exp(scores[at]! - most);
    all += share;
    if (isWanted) wanted += share;
  }
  return -Math.log(Math.max(wanted / all, 1e-6));
}

/** nDCG@10 of each question by the first wanted passage among those compared. */
export function gainsOf(
  questions: readonly RankedQuestion[],
  ranking: Ranking,
  separation: number,
): number[] {
  return questions.map(({ candidates }) => {
    const weights = weightsFor(candidates, ranking, separation);
    return gainOfFirst(
      candidates.map(({ signals, isWanted }) => ({ isWanted, score: scoreOf(signals, weights) })),
    );
  });
}

const weightsFor = (candidates: RankedQuestion['candidates'], ranking: Ranking, separation: number) =>
  weightsOf(ranking, { separation, hasPhrases: candidates.some(({ signals }) => signals.phrases > 0) });
