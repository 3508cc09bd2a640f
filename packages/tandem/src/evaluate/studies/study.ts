import { intervalOf, intervalOfDifference, pairedTest } from '../../statistics/index.ts';
import type { Estimate } from '../estimate.ts';

/** What can be studied beside a comparison: `compare --with`. */
export const studyNames = ['freshness', 'forgetting', 'robustness'] as const;
/** See `studyNames`. */
export type StudyName = (typeof studyNames)[number];

/** Shares of right answers to the same questions before and after something was changed. */
export interface Shift {
  before: Estimate;
  after: Estimate;
  /** `after − before`, paired by question. */
  difference: Estimate;
  /** Two-sided, of the paired test by group. */
  p: number;
}

/** One arm's shift. */
export interface ArmShift extends Shift {
  arm: string;
}

/** What became of the answers when the sources said something else. */
export interface FreshnessStudy {
  /** What was changed in the sources; the value as it was written, and as it was then. */
  facts: { caseId: string; documentId: string; from: string; to: string }[];
  /** Until the index had the changes: listing, reading, embedding, writing. */
  secondsToFresh: number;
  /** Documents that were changed. */
  documents: number;
  /** `old`: the share that still gave the value from before. */
  arms: (ArmShift & { old: Estimate })[];
}

/** One kind of general tasks, before and after training. */
export interface ForgottenFamily {
  id: string;
  name: string;
  /** Share of right choices by guessing. */
  chance: number;
  /** Whether the model without the adapter does better than chance: the whole interval is above it. Else nothing can be forgotten. */
  counts: boolean;
  base: Estimate;
  tuned: Estimate;
  difference: Estimate;
}

/** What a model can do beside the project's own questions, with and without its adapter. */
export interface ForgettingStudy {
  adapterId: string;
  families: ForgottenFamily[];
  /** Over all items of the families that count; absent where none does. */
  overall?: Shift;
}

/** One way in which questions or passages were changed. */
export interface RobustnessChange {
  id: 'typos' | 'plain letters' | 'other words' | 'source first' | 'source last' | 'more passages';
  description: string;
  /**
   * Those that it could be tried on; an arm without passages is not among those whose passages were changed. `adjustedP`: after Holm over all arms
   * and changes of the study.
   */
  arms: (ArmShift & { adjustedP: number })[];
}

/** How much answers hang on what should not matter. */
export interface RobustnessStudy {
  /** Questions that were drawn. */
  cases: number;
  changes: RobustnessChange[];
  /** Where the other wordings came from, as a sentence. */
  wordings?: string;
}

/** What was studied beside the comparison. A study that could not be made is absent, and `notMade` says why. */
export interface Studies {
  freshness?: FreshnessStudy;
  forgetting?: ForgettingStudy;
  robustness?: RobustnessStudy;
  notMade: { study: StudyName; why: string }[];
}

/** One question's two values, each 0 or 1. */
export interface BeforeAndAfter {
  group: string;
  before: number;
  after: number;
}

/** Intervals by groups. @returns undefined of no questions */
export function shiftOf(rows: readonly BeforeAndAfter[], seed = 1): Shift | undefined {
  if (rows.length === 0) return undefined;
  const groups = rows.map(({ group }) => group);
  const [a, b] = [rows.map(({ after }) => after), rows.map(({ before }) => before)];
  const options = { seed, bounds: [0, 1] as const };
  return {
    before: estimate(intervalOf({ values: b, groups }, options)!),
    after: estimate(intervalOf({ values: a, groups }, options)!),
    difference: estimate(intervalOfDifference({ a, b, groups }, options)!),
    p: pairedTest({ a, b, groups }, { seed }).p,
  };
}

/** A share with its interval by groups. */
export function shareOf(values: readonly number[], groups: readonly string[], seed = 1): Estimate {
  return estimate(intervalOf({ values, groups }, { seed, bounds: [0, 1] })!);
}

const estimate = ({ value, low, high, cases, groups }: Estimate): Estimate => ({
  value,
  low,
  high,
  cases,
  groups,
});
