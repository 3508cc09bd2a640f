import { functionWords } from '../text/function-words.ts';

/**
 * Whether a question is evidently English: it has a word that only English has for that, and what is strange in it is not most of
 * it. What an English vocabulary does not have is a name only there: in "combien de jours" every word is strange.
 *
 * @param words all of the question's, in lower case
 * @param strange those of them that the vocabulary does not have
 */
export function isEvidentlyEnglish(words: readonly string[], strange: readonly string[]): boolean {
  const unmistakable = words.some((word) => onlyEnglish.has(word));
  return unmistakable && 2 * strange.length <= words.length;
}

/** Function words of English that are words of its neighbours too: "was will man in …", "is er een … of", "on a des …". */
const elsewhereToo: ReadonlySet<string> = new Set(
  `a an i me mine he we her him am is was be been had have has are do did can may must shall will so as or of at by for to in on off
   over under up out here just also not no nor all any each either most more other some such same too than then else don won
   s t ll ve re d m`
    .trim()
    .split(/\s+/),
);

const onlyEnglish: ReadonlySet<string> = new Set(functionWords.filter((word) => !elsewhereToo.has(word)));

/**
 * A name is written in letters that are set apart by spaces: a run of Chinese, Japanese or Thai is a phrase, and Arabic joins small
 * words on.
 */
export function isSpacedScript(word: string): boolean {
  return /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}\p{M}'’]+$/u.test(word);
}

/** "Refunded", "reimbursable", "cryptically": English endings that a name hardly has. A plural may be one of names. */
export function isInflected(word: string): boolean {
  return /^[a-z]{3,}(?:ed|ing|ly|able|ible|ment|ness|tion)$/.test(word);
}
