import { termsIn } from './exact-terms.ts';

/** More passages than these with a code, and it says less about which of them is meant. */
const few = 5;

/**
 * Share of a question's codes that each passage has as they are written, less for a code that many of the passages have.
 *
 * @param codes by `exactTermsOf`
 */
export function codesIn<T extends { headingPath: readonly string[]; text: string }>(
  codes: readonly string[],
  passages: readonly T[],
): Map<T, number> {
  const shares = new Map<T, number>();
  for (const code of codes) {
    const holders = passages.filter((passage) => termsIn(passage, [code]).length > 0);
    for (const passage of holders)
      shares.set(passage, (shares.get(passage) ?? 0) + Math.min(1, few / holders.length) / codes.length);
  }
  return shares;
}
