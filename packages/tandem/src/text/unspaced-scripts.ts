/**
 * Chinese, Japanese, Thai and the like in overlapping pairs of characters: "請病假" is "請病 病假" and is found in any sentence that has
 * it. As Lucene's CJKBigramFilter does, which needs no dictionary and is the same everywhere.
 *
 * A word of Chinese or Japanese is mostly a pair. One of Thai and its like is longer, so that the words of `Intl.Segmenter` are added, which
 * find more than pairs alone: where two versions of its dictionary differ, the pairs are there still.
 */
export function withPairs(text: string): string {
  return text.replace(unspacedRun, (run) => {
    const characters = run.match(/.\p{M}*/gsu)!;
    if (characters.length < 3) return ` ${run} `;
    const pairs = characters.slice(1).map((character, at) => characters[at]! + character);
    return ` ${[...pairs, ...longWords(run)].join(' ')} `;
  });
}

/** Those of whose words most are longer than a pair of characters, inside a class of a regular expression. */
const longWordedScripts = String.raw`\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;

/** Scripts that are written without spaces between words, inside a class of a regular expression. */
export const unspacedScripts = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー${longWordedScripts}`;

const unspacedRun = new RegExp(`(?:[${unspacedScripts}]\\p{M}*)+`, 'gu');

/** What its pairs do not hold whole: words of three characters and more. */
function longWords(run: string): string[] {
  if (!longWorded.test(run)) return [];
  return [...segmenter.segment(run)]
    .filter(({ segment, isWordLike }) => isWordLike && /^(?:.\p{M}*){3}/su.test(segment))
    .map(({ segment }) => segment);
}

const longWorded = new RegExp(`[${longWordedScripts}]`, 'u');
const segmenter = new Intl.Segmenter('th', { granularity: 'word' });
