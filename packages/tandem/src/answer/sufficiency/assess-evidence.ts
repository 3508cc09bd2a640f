import { type ExpectedOutcome, expectedOutcomes } from './expected-outcome.ts';
import { type SufficiencySignals, signalNames } from './signals.ts';
import { outcomeWeights, sufficiencyWeights } from './weights.ts';

/**
 * The probability that the passages answer the question: a logistic regression on few signals. It is a general one, which says of no project how often it is right:
 * `calibrateSufficiency` brings it to scale on the project's own questions.
 */
export function sufficiencyOf(signals: SufficiencySignals): number {
  return 1 / (1 + Math.exp(-logitOf(signals)));
}

/** The same as a logit, which is what is calibrated. */
export function logitOf(signals: SufficiencySignals): number {
  return weighted(signals, sufficiencyWeights);
}

/**
 * The likeliest of what may be, as if each were as frequent as the others: a multinomial logistic regression on the same signals.
 * @param isChoice whether there is more than one thing that the question may be about: without, it is not unclear
 */
export function likeliestOutcome(signals: SufficiencySignals, isChoice: boolean): ExpectedOutcome {
  const score = (outcome: ExpectedOutcome) => weighted(signals, outcomeWeights[outcome]);
  return expectedOutcomes
    .filter((outcome) => outcome !== 'clarify' || isChoice)
    .reduce((best, outcome) => (score(outcome) > score(best) ? outcome : best));
}

/** One weight for each signal, and the constant last. */
function weighted(signals: SufficiencySignals, weights: readonly number[]): number {
  return signalNames.reduce(
    (sum, name, at) => sum + weights[at]! * signals[name],
    weights[signalNames.length]!,
  );
}
