import type { Case } from '../core/types/example.ts';
import type { Strata } from '../statistics/index.ts';

/** Where a comparison does not say what its cases without an answer count for. */
export const defaultUnanswerableWeight = 0.2;

/** One case without an answer counts at most as much as so many with one: else a single such case could turn a verdict. */
const mostPerCase = 2;

/**
 * What the share of right refusals counts for in a joined metric, right answers counting for the rest: the weight that was set, or less, so that no
 * single case counts for more than two others; 0 or 1 where all cases are of one kind.
 *
 * @param weight from 0 to 1
 *
 * @example
 * weightOfUnanswerable({ answerable: 11, unanswerable: 2 }, 0.2); // 0.2
 * weightOfUnanswerable({ answerable: 99, unanswerable: 1 }, 0.2); // 0.0198: one case in a hundred cannot count for a fifth
 */
export function weightOfUnanswerable({ answerable, unanswerable }: CaseCounts, weight: number): number {
  if (unanswerable === 0) return 0;
  if (answerable === 0) return 1;
  return Math.min(weight, (mostPerCase * unanswerable) / (answerable + mostPerCase * unanswerable));
}

export interface CaseCounts {
  answerable: number;
  unanswerable: number;
}

export function countAnswerable(cases: readonly Pick<Case, 'answerable'>[]): CaseCounts {
  const unanswerable = cases.filter(({ answerable }) => answerable === false).length;
  return { answerable: cases.length - unanswerable, unanswerable };
}

/** The two kinds of cases as strata of a mean; undefined where there is one kind alone. */
export function strataOf(cases: readonly Pick<Case, 'answerable'>[], weight: number): Strata | undefined {
  const counts = countAnswerable(cases);
  if (counts.answerable === 0 || counts.unanswerable === 0) return undefined;
  const share = weightOfUnanswerable(counts, weight);
  return {
    of: cases.map(({ answerable }) => (answerable === false ? 1 : 0)),
    shares: [1 - share, share],
  };
}

/** The mean of a value of each case, joined as a comparison joins it; 0 of none. */
export function joinedMean(
  values: readonly number[],
  cases: readonly Pick<Case, 'answerable'>[],
  weight: number,
): number {
  const { of, shares } = strataOf(cases, weight) ?? { of: cases.map(() => 0), shares: [1] };
  const mean = (own: readonly number[]) =>
    own.reduce((sum, value) => sum + value, 0) / Math.max(1, own.length);
  return shares.reduce(
    (sum, share, stratum) => sum + share * mean(values.filter((_, at) => of[at] === stratum)),
    0,
  );
}
