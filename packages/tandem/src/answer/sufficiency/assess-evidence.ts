import { sigmoid } from '../../statistics/calibration.ts';
import { weigh } from '../../statistics/fit-weights.ts';
import { type ExpectedOutcome, expectedOutcomes } from './expected-outcome.ts';
import {
  generalSignals,
  type SignalWeights,
  type SufficiencySignals,
  signalNames,
  valuesOf,
} from './signals.ts';
import { outcomeWeights, sufficiencyWeights } from './weights.ts';

/**
 * The probability that the passages answer the question: a logistic regression on few signals. Without a project's own weights it is the general one, which says of no
 * project how often it is right: `calibrateSufficiency` learns what the signals are worth there.
 */
export function sufficiencyOf(signals: SufficiencySignals, weights?: SignalWeights): number {
  return sigmoid(weights ? learntLogit(signals, weights) : generalLogit(signals));
}

/** What a project's own weights make of signals. */
export function learntLogit(signals: SufficiencySignals, weights: SignalWeights): number {
  return signalNames.reduce((sum, name) => sum + weights[name] * signals[name], weights.constant);
}

/** What the general model makes of signals. */
export function generalLogit(signals: SufficiencySignals): number {
  return weigh(valuesOf(signals, generalSignals), sufficiencyWeights);
}

/**
 * The likeliest of what may be, as if each were as frequent as the others: a multinomial logistic regression on the same signals.
 * @param isChoice whether there is more than one thing that the question may be about: without, it is not unclear
 */
export function likeliestOutcome(signals: SufficiencySignals, isChoice: boolean): ExpectedOutcome {
  const values = valuesOf(signals, generalSignals);
  const score = (outcome: ExpectedOutcome) => weigh(values, outcomeWeights[outcome]);
  return expectedOutcomes
    .filter((outcome) => outcome !== 'clarify' || isChoice)
    .reduce((best, outcome) => (score(outcome) > score(best) ? outcome : best));
}
