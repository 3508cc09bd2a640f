import { calibrate, expectedCalibrationError, fitPlatt } from '../../statistics/calibration.ts';
import { crossFitted } from '../../statistics/cross-fitted.ts';
import { fitLogit } from '../../statistics/fit-weights.ts';
import { generalLogit, learntLogit, sufficiencyOf } from './assess-evidence.ts';
import {
  generalSignals,
  type SignalWeights,
  type SufficiencySignals,
  signalNames,
  valuesOf,
} from './signals.ts';
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
  weights: SignalWeights;
  /** That the passages of each example answer it, as weights say that were fitted on the examples of other groups. */
  probabilities: number[];
  /** Expected calibration error of the general model's probabilities and of these. */
  eceBefore: number;
  eceAfter: number;
  /** Whether these tell questions with an answer from those without one at all. */
  tells: boolean;
}

/**
 * Chosen in a scratch program on CLAP-NQ's and MTRAG-UN's halves and MedQuAD's questions for training, where some were learnt from and the rest told apart: so, 20 questions
 * are no worse than the general model on any of the three, where a weaker penalty lost .02 of the area under the curve on two.
 */
const penalty = 20;
/** By how much the penalty falls less on what the general model says than on a signal. */
const deviationOfGeneral = 3;

/**
 * Logistic regression on the signals and on what the general model makes of them, so that few examples stay near to that. Which example has which probability is
 * cross-fitted by group, and the scale (Platt's) is fitted on these: that of the weights' own examples would be too good.
 */
export function learnSufficiency(examples: readonly SufficiencyExample[]): LearntSufficiency {
  const isAnswerable = examples.map((example) => example.isAnswerable);
  const logits = crossFitted(examples, (others) => {
    const weights = fitOn(others);
    return ({ signals }) => learntLogit(signals, weights);
  });
  const platt = fitPlatt(logits, isAnswerable);
  const probabilities = logits.map((logit) => calibrate(platt, logit));
  const unscaled = fitOn(examples);
  const general = examples.map(({ signals }) => sufficiencyOf(signals));
  return {
    weights: weightsOf((name) => -platt.a * unscaled[name] - (name === 'constant' ? platt.b : 0)),
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

/** Of each example, for each rate of false answers, whether it is answered by what the others taught. */
export function areAnswered(examples: readonly SufficiencyExample[], rates: readonly number[]): boolean[][] {
  return crossFitted(examples, (others) => {
    const { weights, probabilities } = learnSufficiency(others);
    const isAnswerable = others.map((example) => example.isAnswerable);
    const thresholds = rates.map((rate) => thresholdOf(probabilities, isAnswerable, rate));
    return ({ signals }) => {
      const probability = sufficiencyOf(signals, weights);
      return thresholds.map((threshold) => probability >= threshold);
    };
  });
}

function fitOn(examples: readonly SufficiencyExample[]): SignalWeights {
  const fitted = fitLogit(
    examples.map(({ signals }) => [...valuesOf(signals, signalNames), generalLogit(signals)]),
    examples.map(({ isAnswerable }) => isAnswerable),
    { l2: penalty, deviations: [...signalNames.map(() => 1), deviationOfGeneral] },
  );
  const names = [...signalNames, 'general', 'constant'] as const;
  const own = Object.fromEntries(names.map((name, at) => [name, fitted[at]!])) as Record<
    (typeof names)[number],
    number
  >;
  // The general model is a sum of signals, too.
  const general: Partial<SignalWeights> = Object.fromEntries(
    [...generalSignals, 'constant'].map((name, at) => [name, sufficiencyWeights[at]!]),
  );
  return weightsOf((name) => own[name] + own.general * (general[name] ?? 0));
}

function weightsOf(weightOf: (name: keyof SignalWeights) => number): SignalWeights {
  const names = [...signalNames, 'constant'] as const;
  return Object.fromEntries(names.map((name) => [name, weightOf(name)])) as SignalWeights;
}
