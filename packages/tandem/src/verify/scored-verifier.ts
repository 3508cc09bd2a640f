import { chooseEvidence } from './choose-evidence.ts';
import type { ClaimScorer } from './cross-encoder-verifier.ts';
import { judgeClaims } from './judge-claims.ts';
import { overlapSignals } from './overlap-signals.ts';
import type { Verifier } from './verifier.ts';

/**
 * Any cross-encoder with one output as a verifier: the best one or two sentences, and the best four, are read with the claim, and the higher score counts. A
 * claim with a number that no sentence gives is not supported, whatever the model says. Its probabilities are the model's own: not calibrated.
 *
 * @param scores what the model gives: shares from 0 to 1, or logits
 */
export function scoredVerifier(
  scorer: ClaimScorer,
  { name, scores, languages }: { name: string; scores: 'shares' | 'logits' } & Pick<Verifier, 'languages'>,
): Verifier {
  return {
    name,
    isCostly: true,
    languages,
    verify: (claims, { signal } = {}) =>
      judgeClaims(
        claims,
        async ({ claim, evidence }) => {
          const signals = overlapSignals(claim, evidence);
          const { sentences } = signals;
          if (claim.trim() === '' || signals.missingEverywhere > 0 || signals.isSaidOtherwise)
            return { probability: 0, sentences };
          const read = await scorer.score(claim, chooseEvidence(evidence, signals), {
            onTooLong: 'truncate',
            ...(signal && { signal }),
          });
          const highest = Math.max(...read);
          return { probability: scores === 'logits' ? 1 / (1 + Math.exp(-highest)) : highest, sentences };
        },
        signal,
      ),
  };
}
