import { generalRanking, type Ranking, weightsOf } from '../../retrieve/fuse/ranking.ts';
import { scoreOf } from '../../retrieve/fuse/shares.ts';
import type { Signals } from '../../retrieve/signals/signals.ts';

/** A question with the passages that were compared for it, and which of them answer. */
export interface RankedQuestion {
  candidates: readonly { signals: Signals; isWanted: boolean }[];
}

/** What is learnt, how far from the general value it may easily go, and the step that is tried first. */
const learnt = {
  meaning: { scale: 1, least: -6 },
  phrases: { scale: 0.3, least: 0 },
  names: { scale: 0.3, least: 0 },
  codes: { scale: 0.3, least: 0 },
  headings: { scale: 0.3, least: 0 },
  sections: { scale: 0.3, least: 0 },
} as const satisfies Partial<Record<keyof Ranking, { scale: number; least: number }>>;

/** Sharper than this, only the questions that are wrong by little would count. */
const mostTemperature = 64;

/** How many questions' worth the general weights are. */
const priorQuestions = 10;

/**
 * The weights under which the passages that answer a project's questions come first, shrunk towards the general ones: the least mean of
 * −log softmax(temperature × score) of the wanted passages, plus a penalty that counts as much as ten questions. Found by
 * stepping along one weight at a time; the same questions give the same weights.
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
      (sum, name) => sum + ((ranking[name] - start[name]) / learnt[name].scale) ** 2,
      0,
    );
    return (
      meanLoss(usable, ranking, { separation, temperature }) +
      (priorQuestions / usable.length) * 0.1 * penalty
    );
  };
  let best = { ranking: start, temperature: 16, loss: lossOf(start, 16) };
  for (let step = 1; step > 0.03; step /= 2) {
    for (let improved = true; improved; ) {
      improved = false;
      const consider = (ranking: Ranking, temperature: number) => {
        const loss = lossOf(ranking, temperature);
        if (!(loss < best.loss - 1e-5)) return;
        best = { ranking, temperature, loss };
        improved = true;
      };
      for (const sign of [1, -1]) {
        for (const name of names) {
          const value = best.ranking[name] + sign * step * learnt[name].scale;
          const most = name === 'phrases' ? 0.9 : Number.POSITIVE_INFINITY;
          consider(
            { ...best.ranking, [name]: Math.min(most, Math.max(learnt[name].least, value)) },
            best.temperature,
          );
        }
        consider(best.ranking, Math.min(mostTemperature, best.temperature * Math.exp(sign * step * 0.3)));
      }
    }
  }
  return best.ranking;
}

function meanLoss(
  questions: readonly RankedQuestion[],
  ranking: Ranking,
  { separation, temperature }: { separation: number; temperature: number },
): number {
  let sum = 0;
  for (const { candidates } of questions) {
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
    sum -= Math.log(Math.max(wanted / all, 1e-6));
  }
  return sum / questions.length;
}

/** nDCG@10 of each question by the first wanted passage among those compared; 0 where it is not among the first ten. */
export function gainsOf(
  questions: readonly RankedQuestion[],
  ranking: Ranking,
  separation: number,
): number[] {
  return questions.map(({ candidates }) => {
    const weights = weightsFor(candidates, ranking, separation);
    const place = candidates
      .map(({ signals, isWanted }) => ({ isWanted, score: scoreOf(signals, weights) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .findIndex(({ isWanted }) => isWanted);
    return place < 0 ? 0 : 1 / Math.log2(place + 2);
  });
}

const weightsFor = (candidates: RankedQuestion['candidates'], ranking: Ranking, separation: number) =>
  weightsOf(ranking, { separation, hasPhrases: candidates.some(({ signals }) => signals.phrases > 0) });
