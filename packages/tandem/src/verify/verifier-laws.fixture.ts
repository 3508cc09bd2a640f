import fc from 'fast-check';
import { expect } from 'vitest';
import type { Verifier } from './verifier.ts';

/**
 * What holds for every verifier, whatever the texts: one verdict a claim, with a probability; what is supported rests on sentences that are there, and nothing else
 * does. For verifiers that never say `contradicted`.
 */
export async function expectVerifierLaws(verifierOf: (share: number) => Verifier): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          claim: fc.string({ unit: 'grapheme' }),
          evidence: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 7 }),
        }),
      ),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (claims, share) => {
        const verdicts = await verifierOf(share).verify(claims);
        expect(verdicts).toHaveLength(claims.length);
        verdicts.forEach(({ verdict, probability, supporting }, at) => {
          expect(probability).toBeGreaterThanOrEqual(0);
          expect(probability).toBeLessThanOrEqual(1);
          expect(supporting.length > 0).toBe(verdict === 'supported');
          for (const place of supporting) expect(claims[at]!.evidence[place]).toBeDefined();
        });
      },
    ),
    { seed: 1, numRuns: 100 },
  );
}
