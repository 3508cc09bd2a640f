/**
 * The runs of three characters in a text's words, each once: what two texts have in common is seen by them whatever the language, its endings
 * and slips of the pen. Words have blanks around them, so that beginnings count, and short words have runs too. The order of words
 * does not matter.
 *
 * @param words in lower case
 */
export function trigramsOf(words: readonly string[]): Set<string> {
  const runs = new Set<string>();
  for (const word of words) {
    const letters = [' ', ' ', ...word, ' '];
    for (let at = 0; at + 3 <= letters.length; at++) runs.add(letters.slice(at, at + 3).join(''));
  }
  return runs;
}

/** How many members both have. */
export function countCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  let common = 0;
  for (const each of few) if (many.has(each)) common++;
  return common;
}
