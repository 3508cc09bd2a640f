import { InterruptedError } from '../core/errors/interrupted-error.ts';
import type { ClaimToCheck, ClaimVerdict } from './verifier.ts';

/** How probable it is that evidence supports a claim, and the places of the sentences that this rests on, in order. */
export interface Support {
  probability: number;
  sentences: number[];
}

/**
 * Judges claims one after another: what is at least as probable as not is supported. Blank sentences are not shown, and a claim without others
 * is not found.
 * @param supportOf is given at least one sentence
 */
export async function judgeClaims(
  claims: readonly ClaimToCheck[],
  supportOf: (claim: ClaimToCheck) => Support | Promise<Support>,
  signal: AbortSignal | undefined,
): Promise<ClaimVerdict[]> {
  const verdicts: ClaimVerdict[] = [];
  const stopped = (cause: unknown) =>
    new InterruptedError({
      domain: 'verify',
      message: `Verifying was stopped after ${verdicts.length} of ${claims.length} claims.`,
      cause,
    });
  for (const { claim, evidence } of claims) {
    if (signal?.aborted) throw stopped(signal.reason);
    const written = evidence.flatMap((text, at) => (text.trim() === '' ? [] : [{ text, at }]));
    if (written.length === 0) {
      verdicts.push({ verdict: 'not found', probability: 0, supporting: [] });
      continue;
    }
    try {
      const texts = written.map(({ text }) => text);
      const { probability, sentences } = await supportOf({ claim, evidence: texts });
      verdicts.push(
        probability >= 0.5
          ? { verdict: 'supported', probability, supporting: sentences.map((at) => written[at]!.at) }
          : { verdict: 'not found', probability, supporting: [] },
      );
    } catch (error) {
      throw signal?.aborted ? stopped(error) : error;
    }
  }
  return verdicts;
}
