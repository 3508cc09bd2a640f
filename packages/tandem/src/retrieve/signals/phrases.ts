/**
 * Compares passages with the pairs of terms that are neighbours in a question: "interest expense" is another thing in a passage
 * that has both words somewhere. Function words are no terms, so "cost of revenue" and "revenue cost" differ in order alone. The ordered
 * pairs of the sequential dependence model (Metzler & Croft, SIGIR 2005), each counted once.
 *
 * @param question its terms, in order
 * @returns share of the pairs that a passage has, [0, 1]; undefined where the question has no pair.
 */
export function phrasesOf(
  question: readonly string[],
): ((passage: readonly (readonly string[])[]) => number) | undefined {
  const pairs = new Set(pairsIn(question));
  if (pairs.size === 0) return undefined;
  return (passage) => {
    const found = new Set<string>();
    // Fields (the prefix, the text) are not neighbours.
    for (const terms of passage) for (const pair of pairsIn(terms)) if (pairs.has(pair)) found.add(pair);
    return found.size / pairs.size;
  };
}

function* pairsIn(terms: readonly string[]): Generator<string> {
  for (let at = 1; at < terms.length; at++)
    if (terms[at] !== terms[at - 1]) yield `${terms[at - 1]} ${terms[at]}`;
}
