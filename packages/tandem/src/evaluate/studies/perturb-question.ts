import { createRandom, type Random, shuffled } from '../../statistics/index.ts';
import { unspacedScripts } from '../../text/unspaced-scripts.ts';

/** One word in so many is mistyped, at least one. */
const wordsPerTypo = 6;

/**
 * The question as somebody in a hurry types it: in one word of six two letters change places, or one is left out, or one is typed twice. Never
 * the first or the last letter, nor what has digits or capitals inside, which are codes and names in code.
 * @returns undefined where no word is long enough, as in scripts without spaces
 */
export function withTypos(question: string, seed: number): string | undefined {
  const random = createRandom(seed);
  const words = [...question.matchAll(/[^\s]+/gu)].flatMap((match) => {
    const [, before = '', word = ''] = /^([^\p{L}]*)(\p{L}+)[^\p{L}\p{N}_]*$/u.exec(match[0]) ?? [];
    return isTypeable(word) ? [{ start: match.index + before.length, word }] : [];
  });
  if (words.length === 0) return undefined;
  const count = Math.max(1, Math.round(words.length / wordsPerTypo));
  const chosen = shuffled(words, random)
    .slice(0, count)
    .sort((a, b) => b.start - a.start);
  return chosen.reduce(
    (text, { start, word }) =>
      text.slice(0, start) + mistyped(word, random) + text.slice(start + word.length),
    question,
  );
}

const unspaced = new RegExp(`[${unspacedScripts}]`, 'u');

function isTypeable(word: string): boolean {
  return [...word].length >= 4 && !unspaced.test(word) && word.slice(1) === word.slice(1).toLowerCase();
}

function mistyped(word: string, random: Random): string {
  const letters = word.match(/\p{L}\p{M}*/gu)!;
  const inner = Array.from({ length: letters.length - 2 }, (_, at) => at + 1);
  const pairs = inner.slice(0, -1).filter((at) => letters[at] !== letters[at + 1]);
  const way = random.integer(3);
  if (way === 0 && pairs.length > 0) {
    const at = pairs[random.integer(pairs.length)]!;
    [letters[at], letters[at + 1]] = [letters[at + 1]!, letters[at]!];
    return letters.join('');
  }
  const at = inner[random.integer(inner.length)]!;
  letters[at] = way === 1 ? '' : letters[at]!.repeat(2);
  return letters.join('');
}

/** In lower case and without marks at its end, as it is typed into a search field. @returns undefined where that changes nothing */
export function inPlainLetters(question: string): string | undefined {
  const plain = question
    .toLowerCase()
    .replace(/[\s?!.…？！。]+$/u, '')
    .trim();
  return plain === '' || plain === question ? undefined : plain;
}
