/** How often verdicts are those of people: balanced accuracy, calibration, and which sentences were named. */
import { expectedCalibrationError } from '../../packages/tandem/src/statistics/calibration.ts';
import { bootstrapDifference, bootstrapInterval } from '../../packages/tandem/src/statistics/index.ts';
import { overlapSignals } from '../../packages/tandem/src/verify/overlap-signals.ts';
import { foldOf, logOdds, type Row, shareOf } from './claim-rows.ts';

/** Whether each row is called supported, at the threshold that is best on `fitting`, or without it on the other folds. */
export function thresholded(
  rows: readonly Row[],
  scores: readonly number[],
  fitting?: { rows: readonly Row[]; scores: readonly number[] },
): boolean[] {
  if (fitting) {
    const threshold = bestThreshold(fitting.scores, fitting.rows);
    return scores.map((score) => score >= threshold);
  }
  const folds = rows.map(foldOf);
  const thresholds = Array.from({ length: 5 }, (_, fold) => {
    const isKept = (_item: unknown, at: number) => folds[at] !== fold;
    return bestThreshold(scores.filter(isKept), rows.filter(isKept));
  });
  return scores.map((score, at) => score >= thresholds[folds[at]!]!);
}

function bestThreshold(scores: readonly number[], rows: readonly Pick<Row, 'isSupported'>[]): number {
  const positives = rows.filter(({ isSupported }) => isSupported).length;
  const order = scores
    .map((score, at) => ({ score, is: rows[at]!.isSupported }))
    .toSorted((a, b) => b.score - a.score);
  let [right, wrong, best, threshold] = [0, 0, 0, 0];
  order.forEach(({ score, is }, at) => {
    if (is) right++;
    else wrong++;
    if (order[at + 1]?.score === score) return;
    const value = right / positives - wrong / (rows.length - positives);
    if (value > best) [best, threshold] = [value, score];
  });
  return threshold;
}

/** Of each claim whether it is called as it is, weighed so that the mean is that of the supported ones and of the others. */
function correctness(rows: readonly Row[], called: readonly boolean[]): number[] {
  const weight = (isSupported: boolean) =>
    rows.length / (2 * rows.filter((row) => row.isSupported === isSupported).length);
  const [supported, rest] = [weight(true), weight(false)];
  return rows.map(
    ({ isSupported }, at) => Number(called[at] === isSupported) * (isSupported ? supported : rest),
  );
}

function groupsOf(rows: readonly Row[]): string[] {
  return rows.map(({ group }) => group);
}

/** Balanced: the mean of the supported ones' and of the others', with its interval by claim. */
export function accuracy(rows: readonly Row[], called: readonly boolean[]) {
  return bootstrapInterval({ values: correctness(rows, called), groups: groupsOf(rows) }, { seed: 1 })!;
}

/** Paired by claim. */
export function difference(rows: readonly Row[], a: readonly boolean[], b: readonly boolean[]) {
  return bootstrapDifference(
    { a: correctness(rows, a), b: correctness(rows, b), groups: groupsOf(rows) },
    { seed: 1 },
  )!;
}

/** Of claims that people found supported: how well the sentences that were named agree with the best of the sets that people marked. */
export function sentencesFound(rows: readonly Row[], named: readonly (readonly number[])[]): string {
  const scores = rows.flatMap(({ supporting = [], isSupported, claim, evidence }, at) => {
    if (!isSupported || supporting.length === 0) return [];
    const own = named[at]!;
    const found = own.length > 0 ? own : overlapSignals(claim, evidence).sentences;
    return [
      Math.max(
        ...supporting.map((set) => {
          const common = found.filter((place) => set.includes(place)).length;
          return (2 * common) / (found.length + set.length);
        }),
      ),
    ];
  });
  return `sentences: F1 ${(scores.reduce((sum, value) => sum + value, 0) / scores.length).toFixed(3)} over ${scores.length} claims that are supported`;
}

/** Probabilities are those of even odds: brought to the rows' own share of supported claims before they are judged. */
export function calibrationError(rows: readonly Row[], probabilities: readonly number[]): number {
  const share = logOdds(shareOf(rows));
  return expectedCalibrationError(
    probabilities.map((probability) => 1 / (1 + Math.exp(-logOdds(probability) - share))),
    rows.map(({ isSupported }) => isSupported),
  );
}
