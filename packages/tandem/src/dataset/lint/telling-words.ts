import { functionWords } from '../../text/function-words.ts';
import { functionWordsByLanguage } from '../../text/function-words-by-language.ts';
import { foldedWords } from '../../text/words.ts';

/** Without function words of any language. Digits alone are values; a code ("K2") is a word, and so is a letter that stands for something ("zone B"). */
export function tellingWords(text: string): ReadonlySet<string> {
  const letters = [...text.matchAll(/(?<=[\p{L}\p{N}] )\p{Lu}(?![\p{L}\p{N}.'’])/gu)].map(
    ([letter]) => `=${letter}`,
  );
  const words = foldedWords(text).filter((word) => !anyFunctionWords.has(word) && !/^\p{N}+$/u.test(word));
  return new Set([...words, ...letters]);
}

const anyFunctionWords: ReadonlySet<string> = new Set(
  [...functionWords, ...Object.values(functionWordsByLanguage).flat()].flatMap((word) => foldedWords(word)),
);
