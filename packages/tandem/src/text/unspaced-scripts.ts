/**
 * Chinese, Japanese, Thai and the like in overlapping pairs of characters: "請病假" is "請病 病假" and is found in any sentence that has
 * it. As Lucene's CJKBigramFilter does, which needs no dictionary and is the same everywhere.
 */
export function withPairs(text: string): string {
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
