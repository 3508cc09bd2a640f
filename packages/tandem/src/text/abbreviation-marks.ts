import { functionWordSet } from './function-words.ts';

/**
 * Function words (in English "what", "is", "of") say nothing about what a question is after and drown what does, so full-text
 * search leaves them out. But "AS", "IS", "ALL" and "WHO" are abbreviations too, and a patient may ask about one. Spelling
 * shows it: in capitals among words that are not, such a word is an abbreviation. It gets a spelling of its own, in what is
 * indexed and in what is asked, and is a word like any other.
 */
export function withAbbreviationsMarked(
  text: string,
  functionWords: ReadonlySet<string> = functionWordSet,
): string {
  return text.replaceAll(capitalWord, (found, at: number) =>
    functionWords.has(found.toLowerCase()) && !isAmongCapitals(found, at, text)
      ? `qq${found.toLowerCase()}qq` // In no dictionary, and letters only: tokenizers split at all else.
      : found,
  );
}

const capitalWord = /(?<![\p{L}\p{N}])\p{Lu}{2,}(?![\p{L}\p{N}])/gu;

/** In a line that is all capitals, capitals mean nothing. */
function isAmongCapitals(found: string, at: number, text: string): boolean {
  const end = at + found.length;
  const before = text.slice(Math.max(0, at - 60), at).match(/[\p{L}\p{N}]+(?=[^\p{L}\p{N}\n]*$)/u)?.[0];
  const after = text.slice(end, end + 60).match(/^[^\p{L}\p{N}\n]*([\p{L}\p{N}]+)/u)?.[1];
  const around = [before, after].filter((each) => each !== undefined);
  return around.length > 0 && around.every((each) => /^\p{Lu}{2,}$/u.test(each));
}
