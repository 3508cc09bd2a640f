import type { ProgressListener } from '../core/progress.ts';
import type { Case } from '../core/types/example.ts';
import type { ArmUnderTest } from './arm.ts';
import type { ComparisonResult } from './comparison-result.ts';
import type { Metric } from './metrics/metric.ts';
import { type AnswerCounts, countAnswers, planAnswers } from './plan-answers.ts';
import type { ResultStore } from './result-store.ts';
import { type ComparisonOf, setUpComparison } from './set-up-comparison.ts';
import { collectAnswers } from './steps/collect-answers.ts';
import { decideVerdict } from './steps/decide-verdict.ts';
import { measureAnswers } from './steps/measure-answers.ts';
import { summariseSlices } from './steps/summarise-slices.ts';

/** Cases and arms that a test has made itself, and how they are compared. */
export interface GivenComparison extends Omit<ComparisonOf, 'metrics'> {
  cases: Case[];
  arms: ArmUnderTest[];
  metrics: Metric[];
  store: ResultStore;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * The steps of a comparison after `selectCases`, for arms that a test has made.
 * @param handOver gets what each step gives, and returns what the next one is given
 */
export async function compareGivenArms(
  given: GivenComparison,
  handOver: <Data>(data: Data) => Data = (data) => data,
): Promise<ComparisonResult> {
  const { cases, metrics } = given;
  const setup = setUpComparison(given, cases);
  const collected = await collectAnswers(handOver({ setup, cases }), given);
  const measured = measureAnswers(handOver(collected), metrics);
  const undecided = handOver(summariseSlices(handOver(measured)));
  return handOver({ ...undecided, verdict: handOver(decideVerdict(undecided)) });
}

/** How many answers it would take. */
export function countGivenAnswers(given: GivenComparison): AnswerCounts {
  const { cases, arms, store } = given;
  return countAnswers(planAnswers({ setup: setUpComparison(given, cases), cases }, arms), store);
}
