import { functionWords } from './function-words.ts';
import { foldedWords } from './words.ts';

/** Folded words that say something: function words left out. */
export function contentWords(text: string): string[] {
  return foldedWords(text).filter((word) => !isFunctionWord(word));
}

/** Of a word as `folded` gives it; also as people type it in a hurry, without the apostrophe. */
export function isFunctionWord(word: string): boolean {
  return asTyped.has(word);
}

const asTyped: ReadonlySet<string> = new Set([
  ...functionWords,
  ...'cant dont wont im ive ill id whats thats hows wheres whos theres doesnt isnt arent didnt wasnt couldnt shouldnt wouldnt youre theyre hes shes lets gonna wanna u ur pls plz'.split(
    ' ',
  ),
]);
