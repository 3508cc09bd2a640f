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
  const longest = Math.min(mostWords, Math.floor(words.length / 2));
  for (let length = least.words; length <= longest; length++) {
    const [first, second] = [words.length - 2 * length, words.length - length];
    if (!isSame(words, first, second)) continue;
    const turn = words.slice(second);
    if (turn.reduce((sum, { word }) => sum + letters(word), 0) < least.letters) continue;
    if (beginsSentence(text, words[first]!.start)) return text.slice(0, words[second]!.start).trimEnd();
  }
  return undefined;
}

/** With the first place from which it turns in circles: `beforeRepetition` of the text as it was written, word by word. */
export function cutRepetition(text: string): string {
  for (const { end } of wordsOf(text)) {
    const before = beforeRepetition(text.slice(0, end));
    if (before !== undefined) return before;
  }
  return text;
}

interface Word {
  word: string;
  start: number;
  end: number;
}

function wordsOf(text: string): Word[] {
  // Blanks in their place keep the offsets true.
  const plain = text.replace(/\[[\d\s,–-]+\]/g, (marker) => ' '.repeat(marker.length));
  return [...plain.matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
}

const letters = (word: string) => word.match(/\p{L}/gu)?.length ?? 0;

function isSame(words: readonly Word[], first: number, second: number): boolean {
  for (let at = second; at < words.length; at++)
    if (words[at]!.word !== words[first + at - second]!.word) return false;
  return true;
}

/** At the beginning, behind the end of a sentence or a marker, or on a line of its own, list marks and the like before it left out. */
function beginsSentence(text: string, at: number): boolean {
  const before = text
    .slice(0, at)
    .replace(/[\s"'“‘«(*_`#>-]+$/u, (marks) => (marks.includes('\n') ? '\n' : ''));
  return before === '' || /[.!?:;…。！？\]\n]$/u.test(before);
}
