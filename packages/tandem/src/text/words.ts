/** A word of a text, as it is written there. */
export interface Word {
  text: string;
  /** `[start, end)` in UTF-16 units. */
  start: number;
  end: number;
}

/** Runs of letters and digits; what follows an apostrophe belongs to the word before it ("Crohn's", "don't"). */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const match of text.matchAll(wordPattern))
    words.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  return words;
}

/** As they are compared, where their places do not matter. */
export function foldedWords(text: string): string[] {
  return (text.match(wordPattern) ?? []).map(folded);
}

/** Lower case, accents and the possessive's ending left out. */
export function folded(word: string): string {
  // Nearly all words, and millions of them are folded when a process starts.
  if (/^[a-z0-9]+$/i.test(word)) return word.toLowerCase();
  return word
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/['’]s?$/, '')
    .replace(/['’]/, '');
}

/** A name's words in lower case and nothing else: names that are equal so are one name. */
export function comparableName(name: string): string {
  return foldedWords(name).join(' ');
}

const wordPattern = /[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu;
