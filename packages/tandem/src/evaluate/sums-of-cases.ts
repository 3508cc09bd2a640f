import { type Outcome, outcomes } from '../core/types/outcome.ts';
import type { Statistic, SummedSample } from '../statistics/index.ts';
import type { CaseRecord } from './comparison-result.ts';
import { calibrationBins } from './metrics/calibration-bins.ts';
import type { MetricInfo } from './metrics/metric.ts';
import { expectedOutcome } from './metrics/outcome.ts';

/** A statistic of cases together: what each one adds to sums, and what is made of these. */
export interface StatisticOfCases extends Pick<SummedSample, 'sums' | 'statistic'> {
  /** Of a case that has a value of the metric. */
  addendsOf(record: CaseRecord, arm: string): { to: number; by: number }[];
  /** Whether a case says anything of the arm. Where none does there is no statistic: failures alone say nothing of an arm whose answers have no outcome. */
  tells(record: CaseRecord, arm: string): boolean;
}

/**
 * What a metric of cases together is made of: one whose `summary` is neither a mean nor a percentile of the cases' values.
 * @param metrics all of them: a calibration error is of another one's values
 */
export function sumsOf(
  { summary, errorOf }: Pick<MetricInfo, 'errorOf'> & { summary: SummaryOfCases },
  metrics: readonly MetricInfo[],
): StatisticOfCases {
  switch (summary) {
    case 'macro F1 of outcomes':
      return macroF1;
    case 'calibration error':
      return calibrationError(errorOf!, metrics.find(({ id }) => id === errorOf)!.probabilityOf!);
  }
}

type SummaryOfCases = Exclude<MetricInfo['summary'], Statistic>;

/** Sums: of each outcome given, for each that was expected; then how many expected each, failed answers too. */
const macroF1: StatisticOfCases = {
  sums: outcomes.length * (outcomes.length + 1),
  addendsOf({ case: testCase, arms }, arm) {
    const expected = placeOf(expectedOutcome(testCase));
    const given = arms[arm]?.answer?.outcome;
    return [
      { to: outcomes.length ** 2 + expected, by: 1 },
      ...(given ? [{ to: expected * outcomes.length + placeOf(given), by: 1 }] : []),
    ];
  },
  tells: ({ arms }, arm) => arms[arm]?.answer?.outcome !== undefined,
  statistic(sums) {
    let total = 0;
    let present = 0;
    for (const [at] of outcomes.entries()) {
      const expected = sums[outcomes.length ** 2 + at]!;
      if (expected === 0) continue;
      const given = outcomes.reduce((sum, _, row) => sum + sums[row * outcomes.length + at]!, 0);
      total += (2 * sums[at * outcomes.length + at]!) / (expected + given);
      present += 1;
    }
    return total / present;
  },
};

const placeOf = (outcome: Outcome) => outcomes.indexOf(outcome);

/** Sums: of each bin its cases, what was said of them and how many were so. */
function calibrationError(probability: string, truth: string): StatisticOfCases {
  return {
    sums: 3 * calibrationBins,
    addendsOf({ arms }, arm) {
      const { [probability]: said, [truth]: isSo } = arms[arm]!.values;
      const bin = Math.min(calibrationBins - 1, Math.max(0, Math.floor(said! * calibrationBins)));
      return [
        { to: 3 * bin, by: 1 },
        { to: 3 * bin + 1, by: said! },
        { to: 3 * bin + 2, by: isSo! },
      ];
    },
    tells: () => true,
    statistic(sums) {
      let [apart, cases] = [0, 0];
      for (let at = 0; at < sums.length; at += 3) {
        cases += sums[at]!;
        apart += Math.abs(sums[at + 1]! - sums[at + 2]!);
      }
      return apart / cases;
    },
  };
}
