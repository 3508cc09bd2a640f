import type { Judge } from '../decide/judge.ts';
import { chooseEvidence } from './choose-evidence.ts';
import { judgeClaims } from './judge-claims.ts';
import { overlapSignals } from './overlap-signals.ts';
import type { Verifier } from './verifier.ts';

/**
 * A judge, such as a language model, as a verifier: it reads each claim with the four sentences that have most of its words. A claim with a number that no sentence gives is
 * not supported, whatever the judge says. Its probabilities are the judge's own.
 *
 * @example
 * // takes minutes
 * const verifier = judgeVerifier(languageModelJudge(await tandem.models.chat())); // for answer.verifier
 * console.log(await verifier.verify([{ claim: 'Dogs are welcome.', evidence: ['Dogs may come in.'] }]));
 */
export function judgeVerifier(judge: Judge): Verifier {
  return {
    name: judge.name,
    isCostly: true,
    verify: (claims, { signal } = {}) =>
      judgeClaims(
        claims,
        async ({ claim, evidence }) => {
          const signals = overlapSignals(claim, evidence);
          const { sentences } = signals;
          if (signals.missingEverywhere > 0 || signals.isSaidOtherwise) return { probability: 0, sentences };
          const read = chooseEvidence(evidence, signals).at(-1)!;
          const [judged] = await judge.judge(
            [
              {
                question: 'Does the evidence say that the claim is true?',
                text: `Evidence: ${read}\n\nClaim: ${claim}`,
                choices: ['yes', 'no'],
              },
            ],
            { signal },
          );
          return { probability: judged!.probabilities[0]!, sentences };
        },
        signal,
      ),
  };
}
