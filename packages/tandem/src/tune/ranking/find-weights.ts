import type { Ranking } from '../../retrieve/fuse/ranking.ts';

/** A weight that is looked for: how far it is stepped at first, and where it ends. */
export interface Range {
  step: number;
  least?: number;
  most?: number;
}

/** Sharper than this, only the questions that are wrong by little would count. */
const mostTemperature = 64;

/**
 * The ranking with the least loss that is reached from `start` by stepping along one weight at a time, and along the temperature, with
 * steps that are halved until `smallest`. The same loss gives the same weights.
 */
export function findWeights(
  start: Ranking,
  ranges: Partial<Record<keyof Ranking, Range>>,
  lossOf: (ranking: Ranking, temperature: number) => number,
  smallest: number,
): Ranking {
  let best = { ranking: start, temperature: 16, loss: lossOf(start, 16) };
  const consider = (ranking: Ranking, temperature: number): boolean => {
    const loss = lossOf(ranking, temperature);
    // Written so that a loss that is no number never counts as better.
    if (!(loss < best.loss - 1e-5)) return false;
    best = { ranking, temperature, loss };
    return true;
  };
  for (let step = 1; step > smallest; step /= 2) {
    for (let improved = true; improved; ) {
      improved = false;
      for (const sign of [1, -1]) {
        for (const [name, range] of Object.entries(ranges)) {
          const { step: own, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = range;
          const value = best.ranking[name as keyof Ranking] + sign * step * own;
          const kept = Math.min(most, Math.max(least, value));
          if (consider({ ...best.ranking, [name]: kept }, best.temperature)) improved = true;
        }
        const temperature = Math.min(mostTemperature, best.temperature * Math.exp(sign * step * 0.3));
        if (consider(best.ranking, temperature)) improved = true;
      }
    }
  }
  return best.ranking;
}
