/** A turn of a loop has at least so many words and letters: "no, no" is none. */
const least = { words: 3, letters: 8 };
/** Longer turns are not looked for: a model that falls into a loop repeats a sentence or two. */
const mostWords = 80;

/**
 * Where a text has begun to turn in circles: its end says once more, word for word, what stands directly before it, from the beginning
 * of a sentence or a line on. Case, punctuation and citation markers do not matter.
 *
 * @returns the text up to its second turn; undefined where it does not repeat itself
 *
 * @example
 * beforeRepetition('The answer is no. [1] The answer is no.'); // 'The answer is no. [1]'
 */
export function beforeRepetition(text: string): string | undefined {
  const words = wordsOf(text);
  return cutAt(text, words, words.length);
}

/** The text up to the first place from which it turns in circles; all of it where it does not. */
export function cutRepetition(text: string): string {
  const words = wordsOf(text);
  for (let count = 2 * least.words; count <= words.length; count++) {
    const before = cutAt(text, words, count);
    if (before !== undefined) return before;
  }
  return text;
}

/** `beforeRepetition` of the text that ends with the `count`th of its words. */
function cutAt(text: string, words: readonly Word[], count: number): string | undefined {
  const longest = Math.min(mostWords, Math.floor(count / 2));
  for (let length = least.words; length <= longest; length++) {
    const [first, second] = [count - 2 * length, count - length];
    if (!isSame(words, first, second, length)) continue;
    const turn = words.slice(second, count);
    if (turn.reduce((sum, { word }) => sum + letters(word), 0) < least.letters) continue;
    if (beginsSentence(text, words[first]!.start)) return text.slice(0, words[second]!.start).trimEnd();
  }
  return undefined;
}

interface Word {
  word: string;
  start: number;
}

function wordsOf(text: string): Word[] {
  // Blanks in their place keep the offsets true.
  const plain = text.replace(/\[[\d\s,–-]+\]/g, (marker) => ' '.repeat(marker.length));
  return [...plain.matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
  }));
}

const letters = (word: string) => word.match(/\p{L}/gu)?.length ?? 0;

function isSame(words: readonly Word[], first: number, second: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (words[first + at]!.word !== words[second + at]!.word) return false;
  return true;
}

/** At the beginning, behind the end of a sentence or a marker, or on a line of its own, list marks and the like before it left out. */
function beginsSentence(text: string, at: number): boolean {
  const before = text
    .slice(0, at)
    .replace(/[\s"'“‘«(*_`#>-]+$/u, (marks) => (marks.includes('\n') ? '\n' : ''));
  return before === '' || /[.!?:;…。！？\]\n]$/u.test(before);
}
