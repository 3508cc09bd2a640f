import { englishStem } from './english-stemmer.ts';

/**
 * What a full-text index is given in place of a text, and asked in place of a query: abbreviations told from function words, and scripts
 * that put no spaces between words cut so that a word inside a sentence can be found.
 */
export function textForWords(text: string): string {
  return withPairs(withAbbreviationsMarked(text));
}

/**
 * Chinese, Japanese, Thai and the like in overlapping pairs of characters: "請病假" is "請病 病假" and is found in any sentence that has
 * it. As Lucene's CJKBigramFilter does, which needs no dictionary and is the same everywhere.
 */
function withPairs(text: string): string {
  return text.replace(unspacedRun, (run) => {
    const characters = run.match(/.\p{M}*/gsu)!;
    if (characters.length < 3) return ` ${run} `;
    return ` ${characters
      .slice(1)
      .map((character, at) => characters[at]! + character)
      .join(' ')} `;
  });
}

const unspacedRun =
  /(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*)+/gu;

/**
 * English function words ("what", "is", "of") say nothing about what a question is after and drown what does, so full-text
 * search leaves them out. But "AS", "IS", "ALL" and "WHO" are abbreviations too, and a patient may ask about one. Writing
 * tells: in capitals among words that are not, such a word is an abbreviation. It gets a spelling of its own, in what is
 * indexed and in what is asked, and is a word like any other.
 */
export function withAbbreviationsMarked(text: string): string {
  return text.replaceAll(capitalWord, (found, at: number) =>
    functionWordSet.has(found.toLowerCase()) && !isAmongCapitals(found, at, text)
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

/** Articles, pronouns, question words, auxiliaries, prepositions, and what is left of contractions split at the apostrophe. */
export const functionWords: readonly string[] = `
  a an the this that these those some any each every either neither all both few more most other such own same
  i me my mine myself we us our ours ourselves you your yours yourself he him his she her hers it its they them their theirs
  who whom whose which what when where why how whether
  am is are was were be been being have has had having do does did doing done can could may might must shall should will would
  and or but nor if then else so than as because while until although though
  of at by for with about against between into through to from in on off over under out up upon within without
  again once here there now just only too very also not no
  s t ll ve re d m don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven
  please tell explain know`
  .trim()
  .split(/\s+/);

/** As they stand where endings are cut before function words are left out, which is LanceDB's order ("does" is "doe" there). */
export const functionStems: readonly string[] = [
  ...new Set(functionWords.flatMap((word) => [word, englishStem(word)])),
];

export const functionWordSet: ReadonlySet<string> = new Set(functionWords);
