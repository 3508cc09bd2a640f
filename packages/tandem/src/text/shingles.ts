/** Words in a row that make up one piece of wording. */
export const shingleLength = 5;

/** Runs of `length` words; a shorter text is one run of its own, and no words are none. */
export function shingles(words: readonly string[], length = shingleLength): Set<string> {
  if (words.length === 0) return new Set();
  if (words.length < length) return new Set([words.join(' ')]);
  const found = new Set<string>();
  for (let i = 0; i + length <= words.length; i++) found.add(words.slice(i, i + length).join(' '));
  return found;
}
