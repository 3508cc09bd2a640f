import { type CrossEncoder, TextTooLongError } from '@tandem/nn';
import { chooseEvidence } from './choose-evidence.ts';
import { judgeClaims } from './judge-claims.ts';
import { type OverlapSignals, overlapSignals } from './overlap-signals.ts';
import { overlapProbability } from './overlap-verifier.ts';
import type { ClaimToCheck, Verifier } from './verifier.ts';

/**
 * What each signal is worth, as log odds if as many claims were supported as not: how many are differs from use to use. Logistic regression on half of
 * Factcheck-GPT's claims, which the model was not trained on; `npm run bench -- verify --fit` prints them.
 */
export const crossEncoderWeights = {
  covered: 2.79,
  missingValues: -0.331,
  namesMissingEverywhere: -0.818,
  ofTwoSentences: 0.076,
  ofFourSentences: 0.177,
  bias: 0.251,
  /** The most that a claim gets of which a number is given by no sentence: below even odds, so that it is never supported. */
  withoutValue: -1.299,
};

/** What reads a claim together with each of some texts, and gives the share from 0 to 1 that it finds them to support it. */
export type ClaimScorer = Pick<CrossEncoder, 'score'>;

/**
 * Checks claims by words first, then by a model that reads the claim together with what the words found: at most four sentences, in at most two texts. The
 * model's scores are weighed with what words, numbers and names say. A claim with a number that no sentence gives is never supported, whatever the
 * model says; one that is too long to be read with its evidence is judged by its words alone. It never says `contradicted`.
 *
 * @param scorer a cross-encoder that was trained to tell support; it stays the caller's. `answer.verifier: 'cross-encoder'` opens the one that `npm run train-verifier` makes
 *
 * @example
 * await using encoder = await CrossEncoder.load({ directory, difference });
 * const [verdict] = await crossEncoderVerifier(encoder).verify([{ claim, evidence }]);
 */
export function crossEncoderVerifier(
  scorer: ClaimScorer,
  { languages }: Pick<Verifier, 'languages'> = {},
): Verifier {
  return {
    name: 'cross-encoder',
    isCostly: true,
    languages,
    verify: (claims, { signal } = {}) =>
      judgeClaims(
        claims,
        async (claim) => {
          const signals = overlapSignals(claim.claim, claim.evidence);
          const { sentences } = signals;
          const decided = decidedByWords(signals);
          if (decided !== undefined) return { probability: decided, sentences };
          return { probability: crossEncoderProbability(await readClaim(scorer, claim, signal)), sentences };
        },
        signal,
      ),
  };
}

/** What words and the model say of a claim. */
export interface ClaimReading {
  signals: OverlapSignals;
  /** The model's scores as log odds, of the best one or two sentences and of the best four; undefined where it cannot read the claim. */
  scores?: { ofTwo: number; ofFour: number };
}

/** Longer claims are not read: with evidence they do not fit into 512 tokens. */
const mostOfClaim = 1000;

/** @param claim with at least one sentence of evidence */
export async function readClaim(
  scorer: ClaimScorer,
  { claim, evidence }: ClaimToCheck,
  signal?: AbortSignal,
): Promise<ClaimReading> {
  const signals = overlapSignals(claim, evidence);
  if (claim.trim() === '' || claim.length > mostOfClaim) return { signals };
  try {
    const [ofTwo = 0, ofFour = ofTwo] = await scorer.score(claim, chooseEvidence(evidence, signals), {
      onTooLong: 'truncate',
      ...(signal && { signal }),
    });
    return { signals, scores: { ofTwo: logOdds(ofTwo), ofFour: logOdds(ofFour) } };
  } catch (error) {
    if (TextTooLongError.isInstance(error)) return { signals };
    throw error;
  }
}

/** What is weighed, in the order of the weights. */
export function crossEncoderFeatures({ signals, scores }: Required<ClaimReading>): number[] {
  return [
    signals.covered,
    Number(signals.missingValues > 0),
    Math.min(3, signals.namesMissingEverywhere),
    scores.ofTwo,
    scores.ofFour,
  ];
}

/**
 * That the evidence supports the claim, as if as many claims were supported as not: the mean, as log odds, of what word overlap says and of what the weights make of
 * the model's scores. On half of Factcheck-GPT the two err on different claims.
 */
export function crossEncoderProbability(
  { signals, scores }: ClaimReading,
  { bias, withoutValue, ...own } = crossEncoderWeights,
): number {
  const byWords = overlapProbability(signals);
  if (scores === undefined) return byWords;
  const weights = [
    own.covered,
    own.missingValues,
    own.namesMissingEverywhere,
    own.ofTwoSentences,
    own.ofFourSentences,
  ];
  const byModel = crossEncoderFeatures({ signals, scores }).reduce(
    (sum, value, at) => sum + value * weights[at]!,
    bias,
  );
  const score = (logOdds(byWords) + byModel) / 2;
  const isRuledOut = signals.missingEverywhere > 0 || signals.isSaidOtherwise;
  return 1 / (1 + Math.exp(-(isRuledOut ? Math.min(score, withoutValue) : score)));
}

/** Where the model could not change the verdict, whatever it says, it is not asked: the probability is then that of words. */
function decidedByWords(signals: OverlapSignals): number | undefined {
  const [least, most] = [-certain, certain].map((score) =>
    crossEncoderProbability({ signals, scores: { ofTwo: score, ofFour: score } }),
  ) as [number, number];
  if (least < 0.5 && most >= 0.5) return undefined;
  return Math.min(Math.max(overlapProbability(signals), least), most);
}

/** As far as a model's shares can be told from certainty. */
function logOdds(share: number): number {
  const within = Math.min(0.9999, Math.max(0.0001, share));
  return Math.log(within / (1 - within));
}

/** The highest of such log odds. */
const certain = logOdds(1);
