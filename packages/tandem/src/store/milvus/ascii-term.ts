/**
 * A term in letters and digits of ASCII, different ones for different terms. Milvus wants a text, and splits it by an analyzer of its
 * own: which other letters and marks that one cuts at or folds depends on Milvus's version and edition, and all leave these alone.
 */
export function asciiTerm(term: string): string {
  return term.replace(/[^a-pr-z0-9]/gu, (character) => `q${character.codePointAt(0)!.toString(16)}q`);
}
