import type { ExpectedOutcome } from './expected-outcome.ts';

/**
 * Weights of the signals in the order of `generalSignals`, the constant last. `npm run bench -- outcomes --fit` prints them: fitted on the halves of CLAP-NQ and MTRAG-UN
 * (302 questions and 247 tasks of conversations, in English; each class counts the same), so that what they do on these is no measure of them; bench/results/outcomes.md
 * has what they do cross-fitted.
 */
export const sufficiencyWeights: readonly number[] = [
  0.695, 9.04, 2.76, -0.637, -0.512, 0.155, -0.317, 0.58, -0.668, -5.74,
];

/** The same for each outcome, fitted on MTRAG-UN's half alone, the questions that nothing answers among them. */
export const outcomeWeights: Record<ExpectedOutcome, readonly number[]> = {
  answer: [3.04, 3.72, -0.441, 1.34, 3.14, 0.07, -0.305, 0.0152, -0.551, -3.42],
  partial: [-0.351, 1.54, 0.694, -1.65, 5.97, -0.278, -0.138, -0.112, -0.137, 0.011],
  clarify: [-0.145, -1.64, 1.21, -0.125, -1.04, 0.54, 0.632, 0.0237, 0.844, -1.86],
};
