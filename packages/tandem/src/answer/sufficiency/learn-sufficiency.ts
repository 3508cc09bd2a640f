import { sha256 } from '../../core/hash.ts';
import { calibrate, expectedCalibrationError, fitPlatt } from '../../statistics/calibration.ts';
import { fitLogit, weigh } from '../../statistics/fit-weights.ts';
import { generalLogit, sufficiencyOf } from './assess-evidence.ts';
import { generalSignals, type SufficiencySignals, signalNames, valuesOf } from './signals.ts';
import { sufficiencyWeights } from './weights.ts';

/** A question with passages, and whether they answer it. */
export interface SufficiencyExample {
  signals: SufficiencySignals;
  isAnswerable: boolean;
  /** Questions of one group are one. */
  group: string;
}

/** What a project's own questions taught. */
export interface LearntSufficiency {
  /** Of the probability's logit: one for each of `signalNames`, the constant last. */
  weights: number[];
  /** That the passages of each example answer it, as weights say that were fitted on the examples of other groups. */
  probabilities: number[];
  /** Expected calibration error of the general model's probabilities and of these. */
  eceBefore: number;
  eceAfter: number;
  /** Whether these tell questions with an answer from those without one at all. */
  tells: boolean;
}

const folds = 5;
/**
 * Of CLAP-NQ's, MTRAG-UN's and MedQuAD's questions for training, some were learnt from and the rest told apart: with this penalty, and the general model counting this much more, 20 questions
 * are no worse than the general model on any of the three, where a weaker penalty lost .02 of the area under the curve on two.
 */
const penalty = 20;
const weightOfGeneral = 3;

/**
 * Logistic regression on the signals and on what the general model makes of them, so that few examples stay near to that. Which example has which probability is
 * cross-fitted by group, and the scale (Platt's) is fitted on these: that of the weights' own examples would be too good.
 */
export function learnSufficiency(examples: readonly SufficiencyExample[]): LearntSufficiency {
  const isAnswerable = examples.map((example) => example.isAnswerable);
  const logits: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const weights = fitOn(examples.filter((example) => foldOf(example) !== fold));
    for (const [at, example] of examples.entries())
      if (foldOf(example) === fold) logits[at] = weigh(valuesOf(example.signals, signalNames), weights);
  }
  const platt = fitPlatt(logits, isAnswerable);
  const probabilities = logits.map((logit) => calibrate(platt, logit));
  const scaled = fitOn(examples).map((weight) => -platt.a * weight);
  scaled[scaled.length - 1]! -= platt.b;
  const general = examples.map(({ signals }) => sufficiencyOf(signals));
  return {
    weights: scaled,
    probabilities,
    eceBefore: expectedCalibrationError(general, isAnswerable),
    eceAfter: expectedCalibrationError(probabilities, isAnswerable),
    tells: platt.a < 0,
  };
}

/**
 * The probability from which on a question is answered, so that of those without an answer at most `falseAnswers` are. Conformal (Vovk et al. 2005; Angelopoulos & Bates 2021): of n such
 * questions the ⌈(n + 1)(1 − rate)⌉-th lowest probability is the last that is refused, so that a further one like them is answered with at most that probability. With
 * fewer than the rate takes, everything is refused.
 */
export function thresholdOf(
  probabilities: readonly number[],
  isAnswerable: readonly boolean[],
  falseAnswers: number,
): number {
  const without = probabilities.filter((_, at) => !isAnswerable[at]).toSorted((a, b) => a - b);
  const rank = Math.ceil((without.length + 1) * (1 - falseAnswers));
  return rank > without.length ? 1 : without[rank - 1]! + 1e-9;
}

/** Of each example whether it is answered by what the others taught, for each rate of false answers. */
export function crossFitted(examples: readonly SufficiencyExample[], rates: readonly number[]): boolean[][] {
  const answered = rates.map((): boolean[] => []);
  for (let fold = 0; fold < folds; fold++) {
    const others = examples.filter((example) => foldOf(example) !== fold);
    const { weights, probabilities } = learnSufficiency(others);
    const thresholds = rates.map((rate) =>
      thresholdOf(
        probabilities,
        others.map(({ isAnswerable }) => isAnswerable),
        rate,
      ),
    );
    for (const [at, example] of examples.entries()) {
      if (foldOf(example) !== fold) continue;
      const probability = 1 / (1 + Math.exp(-weigh(valuesOf(example.signals, signalNames), weights)));
      for (const [rate, threshold] of thresholds.entries()) answered[rate]![at] = probability >= threshold;
    }
  }
  return answered;
}

const foldOf = ({ group }: SufficiencyExample) => Number.parseInt(sha256(group).slice(0, 8), 16) % folds;

function fitOn(examples: readonly SufficiencyExample[]): number[] {
  const fitted = fitLogit(
    examples.map(({ signals }) => [...valuesOf(signals, signalNames), generalLogit(signals)]),
    examples.map(({ isAnswerable }) => isAnswerable),
    { l2: penalty, deviations: [...signalNames.map(() => 1), weightOfGeneral] },
  );
  const [ofGeneral, constant] = fitted.slice(-2) as [number, number];
  return [
    ...signalNames.map(
      (_, at) => fitted[at]! + (at < generalSignals.length ? ofGeneral * sufficiencyWeights[at]! : 0),
    ),
    constant + ofGeneral * sufficiencyWeights[generalSignals.length]!,
  ];
}
