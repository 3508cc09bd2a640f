import { brierScore, calibrationErrorIfTrue, expectedCalibrationError } from '../statistics/index.ts';
import type { ArmInfo } from './arm.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { calibrationBins } from './metrics/calibration-bins.ts';
import { checkedClaims } from './metrics/sources.ts';
import type { NotMeasured } from './outcome-confusion.ts';

/** Whether a stated probability is true. Error and Brier score stand among the arm's metrics too, with their intervals. */
export interface ProbabilityCalibration {
  /** Cases that say whether it came true. */
  n: number;
  /** Whether it was brought to scale on the project's questions; false: it says only which of two is likelier. Absent where answers do not say. */
  isCalibrated?: boolean;
  /** Its mean, and the share of the cases in which it came true. */
  said: number;
  cameTrue: number;
  /** Expected calibration error, in five bins. */
  ece: number;
  brier: number;
  /** The error that these probabilities would show if they were true: the mean, and what 19 of 20 such comparisons would stay within. */
  eceIfTrue: { mean: number; most: number };
}

/** How true the probabilities are that an arm's answers state. */
export interface ArmCalibration {
  /** That the passages answer the question, against whether a passage has the answer. */
  sufficiency: ProbabilityCalibration | NotMeasured;
  /** That a field is right, in a project that asks for it. */
  confidence?: ProbabilityCalibration | NotMeasured;
  /** That the sources bear a claim out: how many claims state it. No case says of a single claim whether they do, so it is not held against anything. */
  claims: { n: number; isCalibrated: false; notMeasured: string };
}

/** @param arm its name */
export function armCalibration(
  result: Pick<ComparisonResult, 'arms' | 'cases' | 'metrics' | 'options'>,
  arm: string,
): ArmCalibration {
  const info = result.arms.find(({ name }) => name === arm)!;
  const answers = result.cases.flatMap((record) => record.arms[arm]?.answer ?? []);
  const judged = answers.flatMap(({ sufficiency }) => sufficiency ?? []);
  const sufficiency = measured(result, arm, 'sufficiency');
  const confidence = measured(result, arm, 'confidence');
  return {
    sufficiency: sufficiency
      ? { ...sufficiency, isCalibrated: judged.every(({ isCalibrated }) => isCalibrated) }
      : { notMeasured: whyNoSufficiency(info, judged.length) },
    ...(result.metrics.some(({ id }) => id === 'confidence') && {
      confidence: confidence ?? { notMeasured: 'its answers state none, or no case expects that field' },
    }),
    claims: {
      n: answers.flatMap(checkedClaims).filter(({ probability }) => probability !== undefined).length,
      isCalibrated: false,
      notMeasured: info.retrieves
        ? 'no case says of a single claim whether the sources bear it out'
        : 'it reads no sources',
    },
  };
}

function whyNoSufficiency({ retrieves, answersOnly }: ArmInfo, stated: number): string {
  if (answersOnly) return 'it answers with some fields alone';
  if (!retrieves) return 'it reads no sources';
  return stated === 0
    ? 'its answers state none: there is nothing here that it could be told by'
    : 'no case names where its answer stands, or has none';
}

function measured(
  { cases, metrics, options }: Parameters<typeof armCalibration>[0],
  arm: string,
  probability: string,
): ProbabilityCalibration | undefined {
  const truth = metrics.find(({ id }) => id === probability)?.probabilityOf;
  const pairs = cases.flatMap((record) => {
    const { [probability]: said, [truth ?? '']: cameTrue } = record.arms[arm]?.values ?? {};
    return said === undefined || cameTrue === undefined ? [] : [{ said, cameTrue: cameTrue === 1 }];
  });
  if (pairs.length === 0) return undefined;
  const said = pairs.map((pair) => pair.said);
  const cameTrue = pairs.map((pair) => pair.cameTrue);
  return {
    n: pairs.length,
    said: said.reduce((sum, each) => sum + each, 0) / pairs.length,
    cameTrue: cameTrue.filter(Boolean).length / pairs.length,
    ece: expectedCalibrationError(said, cameTrue, calibrationBins),
    brier: brierScore(said, cameTrue),
    eceIfTrue: calibrationErrorIfTrue(said, { bins: calibrationBins, seed: options.seed }),
  };
}
