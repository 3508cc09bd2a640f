import { type Outcome, outcomes } from '../core/types/outcome.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { expectedOutcome } from './metrics/outcome.ts';

/** Why something is not told of an arm: it is never a 0. */
export interface NotMeasured {
  notMeasured: string;
}

/** What became of an arm's questions, by what should have. */
export interface OutcomeConfusion {
  /** Cases that are counted. */
  n: number;
  /** By the outcome that cases expect, those that any expects: how many were given each; `failed` is no answer at all. */
  expected: Partial<Record<Outcome, Record<Outcome | 'failed', number>>>;
}

/**
 * An arm's outcomes over all cases. Its macro-F1, with an interval, is the metric `outcome-macro-f1`.
 *
 * @param arm its name
 */
export function outcomeConfusion(
  { arms, cases }: Pick<ComparisonResult, 'arms' | 'cases'>,
  arm: string,
): OutcomeConfusion | NotMeasured {
  if (arms.find(({ name }) => name === arm)?.answersOnly)
    return { notMeasured: 'it answers with some fields alone' };
  const given = cases.flatMap((record) => {
    const { answer, failure } = record.arms[arm] ?? {};
    const outcome = failure ? 'failed' : answer?.outcome;
    return outcome ? [{ expected: expectedOutcome(record.case), outcome }] : [];
  });
  // Failures alone say nothing of an arm whose answers have no outcome.
  if (!given.some(({ outcome }) => outcome !== 'failed'))
    return { notMeasured: 'its answers say no outcome' };
  const columns = [...outcomes, 'failed'] as const;
  return {
    n: given.length,
    expected: Object.fromEntries(
      outcomes.flatMap((row) => {
        const own = given.filter(({ expected }) => expected === row);
        if (own.length === 0) return [];
        const counts = columns.map((column) => [
          column,
          own.filter(({ outcome }) => outcome === column).length,
        ]);
        return [[row, Object.fromEntries(counts)]];
      }),
    ),
  };
}
