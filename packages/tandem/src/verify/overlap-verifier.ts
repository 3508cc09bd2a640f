import { judgeClaims } from './judge-claims.ts';
import { type OverlapSignals, overlapSignals } from './overlap-signals.ts';
import type { Verifier } from './verifier.ts';

/** Stands beside its verdicts. */
export const overlapName = 'word overlap';

/**
 * What each signal is worth, fitted on CG2C's pairs of documents and claims (logistic regression, both classes weighed alike), and how the sum becomes a
 * probability, fitted on half of Factcheck-GPT's claims (Platt) and then as it would be if as many claims were supported as not: how many are differs from use
 * to use. `npm run bench -- verify --fit` prints both.
 */
export const overlapWeights = {
  covered: 7.672,
  missingValues: -0.368,
  missingEverywhere: -1.993,
  namesMissingEverywhere: -1.401,
  bias: -3.01,
  platt: { a: -0.57, b: -0.3924 },
};

/**
 * The rule of overlap: a claim is supported where one or two sentences of the evidence have most of its words, the rarer ones counting more, and its
 * numbers, dates and names. It reads words, not what they mean: it is what better verifiers are held against, and what there is without a model.
 * English is what it was fitted on; words of other languages are compared whole.
 *
 * It never says `contradicted`: another number beside the claim's words, or a negation, was right in 6 of 24 cases and hit 11 claims that are supported
 * when it was tried (Factcheck-GPT, half).
 */
export function overlapVerifier(): Verifier {
  return {
    name: overlapName,
    verify: (claims, { signal } = {}) =>
      judgeClaims(
        claims,
        ({ claim, evidence }) => {
          const signals = overlapSignals(claim, evidence);
          return { probability: overlapProbability(signals), sentences: signals.sentences };
        },
        signal,
      ),
  };
}

/** In no unit: more is more support. */
export function overlapScore(signals: OverlapSignals): number {
  const score = overlapFeatures(signals).reduce(
    (sum, value, at) => sum + value * weightList()[at]!,
    overlapWeights.bias,
  );
  return signals.missingEverywhere > 0 || signals.isSaidOtherwise ? Math.min(score, mostWithoutValue) : score;
}

/** A claim with a number that no sentence gives is not borne out by them, whatever else they say: well under even odds. By hand. */
const mostWithoutValue = -2;

/** What is weighed, in the order of the weights. */
export function overlapFeatures(signals: OverlapSignals): number[] {
  return [
    signals.covered,
    Number(signals.missingValues > 0),
    Number(signals.missingEverywhere > 0),
    Math.min(3, signals.namesMissingEverywhere),
  ];
}

const weightList = () => [
  overlapWeights.covered,
  overlapWeights.missingValues,
  overlapWeights.missingEverywhere,
  overlapWeights.namesMissingEverywhere,
];

/** That the evidence supports the claim, as if as many claims were supported as not. */
export function overlapProbability(signals: OverlapSignals): number {
  const { a, b } = overlapWeights.platt;
  return 1 / (1 + Math.exp(a * overlapScore(signals) + b));
}
