import { type Signals, signalNames } from '../signals/signals.ts';
import type { Weights } from './ranking.ts';

/** What a passage's score is made of. They add up to it; what is below 0 counts against the passage. */
export interface Shares extends Signals {
  reranker: number;
  /** What was taken off because passages about the same are shown above it. */
  repeats: number;
}

/** The sum of a passage's signals, weighed. */
export function scoreOf(signals: Signals, weights: Weights): number {
  return signalNames.reduce((sum, name) => sum + weights[name] * signals[name], 0);
}

/** Each signal's part of a score, with what was added and taken off after them. */
export function sharesOf(
  signals: Signals,
  weights: Weights,
  { reranker = 0, score }: { reranker?: number; score: number },
): Shares {
  const own = Object.fromEntries(
    signalNames.map((name) => [name, weights[name] * signals[name]]),
  ) as unknown as Signals;
  return { ...own, reranker, repeats: score - reranker - scoreOf(signals, weights) };
}
