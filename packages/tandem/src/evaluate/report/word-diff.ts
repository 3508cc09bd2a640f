import { folded } from '../../text/words.ts';

/** A stretch of text that both have, or only one of the two. */
export interface DiffPart {
  kind: 'both' | 'missing' | 'added';
  text: string;
}

/** Comparing takes the product of the two lengths; more words than this are no answer that anyone reads word by word. */
const mostComparisons = 1_000_000;

/**
 * How what was said differs from what was expected, word by word (their longest common subsequence; case and accents are not compared, nor
 * punctuation). Words are the language's own where it writes no spaces. Without the `missing` parts it is what was said, without the
 * `added` ones what was expected, but for the writing of words that both have.
 * @returns undefined where the two are too long for it
 *
 * @example
 * diffWords('The fee is 40 euros.', 'The fee is 14 euros.');
 * // [{ kind: 'both', text: 'The fee is ' }, { kind: 'missing', text: '40 ' }, { kind: 'added', text: '14 ' }, { kind: 'both', text: 'euros.' }]
 */
export function diffWords(expected: string, said: string): DiffPart[] | undefined {
  const [a, b] = [tokensOf(expected), tokensOf(said)];
  if (a.length * b.length > mostComparisons) return undefined;
  const lengths = commonLengths(a, b);
  const parts: DiffPart[] = [];
  const put = (kind: DiffPart['kind'], text: string) => {
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i]!.key === b[j]!.key) {
      put('both', b[j]!.text);
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      put('missing', a[i++]!.text);
    else put('added', b[j++]!.text);
  }
  return parts;
}

interface Token {
  /** What is compared. */
  key: string;
  /** The word with all that stands before the next one. */
  text: string;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike) tokens.push({ key: folded(segment), text: segment });
    else if (tokens.length > 0) tokens.at(-1)!.text += segment;
    else if (segment.trim() !== '') tokens.push({ key: segment, text: segment });
  }
  return tokens;
}

/** Entry `[i][j]`: how many words the rests from i and from j have in common, in order. */
function commonLengths(a: readonly Token[], b: readonly Token[]): Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i]![j] =
        a[i]!.key === b[j]!.key
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
  return lengths;
}
