import { type ArmCalibration, armCalibration } from './arm-calibration.ts';
import type { ComparisonResult, PairComparison, Verdict } from './comparison-result.ts';
import { type NotMeasured, type OutcomeConfusion, outcomeConfusion } from './outcome-confusion.ts';
import type { Studies } from './studies/study.ts';

/** A metric of an arm, or a difference of two: with its 95 % interval by groups, and the cases that it rests on. */
export interface JsonEstimate {
  value: number;
  low: number;
  high: number;
  n: number;
  /** Independent groups among the `n` cases. */
  groups: number;
}

/** What `tandem compare --json` prints: see docs/compare.md. */
export interface ComparisonJson {
  /** By arm, then by metric; yardsticks too. */
  arms: Record<string, Record<string, JsonEstimate>>;
  /** `a − b` over all cases, of every pair and metric. */
  comparisons: (JsonEstimate &
    Pick<
      PairComparison,
      'a' | 'b' | 'metric' | 'p' | 'adjustedP' | 'test' | 'family' | 'minimalDetectable'
    >)[];
  /** By arm: what became of its questions, by what should have. */
  outcomes: Record<string, OutcomeConfusion | NotMeasured>;
  /** By arm: how true the probabilities are that its answers state. */
  calibration: Record<string, ArmCalibration>;
  verdict: Omit<Verdict, 'choice'> & {
    /** The arm to use; null where the cases cannot decide. */
    arm: string | null;
  };
  /** Id of the metric that the verdict rests on. */
  primary: string;
  /** Where studies were asked for. */
  studies?: Studies;
}

/**
 * A comparison for programs: the numbers over all cases and the verdict, without answers and passages.
 *
 * @example
 * const { result } = await compare(tandem, { arms: ['base', 'rag'] });
 * const { arms, verdict } = comparisonJson(result);
 * if (verdict.arm !== null) console.log(verdict.arm, arms[verdict.arm]!.right!.value);
 */
export function comparisonJson(result: ComparisonResult): ComparisonJson {
  const overall = result.slices.find(({ kind }) => kind === null)!;
  const { choice, ...verdict } = result.verdict;
  const byArm = <Of>(of: (arm: string) => Of) =>
    Object.fromEntries(result.arms.map(({ name }) => [name, of(name)]));
  return {
    arms: byArm((name) =>
      Object.fromEntries(
        overall.arms.filter(({ arm }) => arm === name).map((entry) => [entry.metric, estimateOf(entry)]),
      ),
    ),
    comparisons: overall.pairs.map((pair) => ({
      a: pair.a,
      b: pair.b,
      metric: pair.metric,
      ...estimateOf(pair),
      ...(pair.p !== undefined && { p: pair.p }),
      ...(pair.adjustedP !== undefined && { adjustedP: pair.adjustedP }),
      ...(pair.test !== undefined && { test: pair.test }),
      ...(pair.family !== undefined && { family: pair.family }),
      minimalDetectable: pair.minimalDetectable,
    })),
    outcomes: byArm((name) => outcomeConfusion(result, name)),
    calibration: byArm((name) => armCalibration(result, name)),
    verdict: { arm: choice ?? null, ...verdict },
    primary: result.primary.metric,
    ...(result.studies && { studies: result.studies }),
  };
}

function estimateOf({
  value,
  low,
  high,
  cases,
  groups,
}: Pick<PairComparison, 'value' | 'low' | 'high' | 'cases' | 'groups'>): JsonEstimate {
  return { value, low, high, n: cases, groups };
}
