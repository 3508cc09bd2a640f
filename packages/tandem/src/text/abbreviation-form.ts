/** "ABL", "MSUD", "SCA17", "HbS", "T-ALL": one short word with two capitals or a capital and a digit. */
export function isAbbreviation(name: string): boolean {
  return name.length <= 12 && /^\p{L}[\p{L}\p{N}.-]*$/u.test(name) && /\p{Lu}.*[\p{Lu}\p{N}]/u.test(name);
}

/**
 * Looser than `isAbbreviation`: any short name without spaces that has two capitals, or a capital and a digit after it. "A/B" and
 * "(ABL)" are such names; no one could find them in a question, but they say more of a document than a long name does.
 */
export function looksAbbreviated(name: string): boolean {
  return name.length <= 12 && !/\s/.test(name) && /\p{Lu}.*[\p{Lu}\p{N}]/u.test(name);
}
