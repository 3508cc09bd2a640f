import type { Slice } from './comparison-result.ts';
import type { MetricInfo } from './metrics/metric.ts';

/** How much better one arm is than another: positive is better, whichever side is the metric's good one. */
export interface Advantage {
  by: number;
  low: number;
  high: number;
  p?: number;
  adjustedP?: number;
  minimalDetectable: number;
  discordance?: number;
  cases: number;
}

/** The level that an adjusted p-value is held against. */
const significance = 0.05;

/** undefined where no case has a value of both arms. */
export function advantageOf(slice: Slice, metric: MetricInfo, a: string, b: string): Advantage | undefined {
  const pair = slice.pairs.find(
    (entry) =>
      entry.metric === metric.id && ((entry.a === a && entry.b === b) || (entry.a === b && entry.b === a)),
  );
  if (!pair) return undefined;
  const asWritten = (pair.a === a) !== (metric.direction === 'lower');
  return {
    by: asWritten ? pair.value : -pair.value,
    low: asWritten ? pair.low : -pair.high,
    high: asWritten ? pair.high : -pair.low,
    ...(pair.p !== undefined && { p: pair.p }),
    ...(pair.adjustedP !== undefined && { adjustedP: pair.adjustedP }),
    minimalDetectable: pair.minimalDetectable,
    ...(pair.discordance !== undefined && { discordance: pair.discordance }),
    cases: pair.cases,
  };
}

/** The only ground for "better": the paired test after Holm, and an interval that excludes zero on that side. */
export function shownBetter(advantage: Advantage | undefined): boolean {
  return advantage?.adjustedP !== undefined && advantage.adjustedP <= significance && advantage.low > 0;
}

/**
 * Whether `a` was shown better than `b` on a metric of a slice. Of a metric that joins cases with and without an answer it must also have more
 * right answers: declining more often alone makes no arm better.
 */
export function isShownBetter(slice: Slice, metric: MetricInfo, a: string, b: string): boolean {
  if (!shownBetter(advantageOf(slice, metric, a, b))) return false;
  const answers = metric.joined?.answerable;
  if (answers === undefined || !hasBothKinds(slice, metric)) return true;
  const byAnswers = advantageOf(slice, { ...metric, id: answers }, a, b);
  return byAnswers !== undefined && byAnswers.by > 0;
}

/** Whether there are cases with and cases without an answer, whose shares are apart in the table. */
export function hasBothKinds(slice: Slice, { joined }: Pick<MetricInfo, 'joined'>): boolean {
  const isThere = (id: string | undefined) => slice.arms.some(({ metric }) => metric === id);
  return joined !== undefined && isThere(joined.answerable) && isThere(joined.unanswerable);
}
