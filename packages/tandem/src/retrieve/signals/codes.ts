/** More passages than these with a code, and it says less about which of them is meant. */
const few = 5;

/**
 * Share of what a question names by digits ("GK-19", version 2.1, a date) that each passage has, however it is written there; less for
 * what many of the passages have.
 *
 * @param codes their terms, by `identifiersIn`
 * @param passages the terms of each
 */
export function codesIn<T>(
  codes: readonly string[],
  passages: ReadonlyMap<T, ReadonlySet<string>>,
): Map<T, number> {
  const shares = new Map<T, number>();
  for (const code of codes) {
    const holders = [...passages].filter(([, terms]) => terms.has(code)).map(([passage]) => passage);
    for (const passage of holders)
      shares.set(passage, (shares.get(passage) ?? 0) + Math.min(1, few / holders.length) / codes.length);
  }
  return shares;
}
