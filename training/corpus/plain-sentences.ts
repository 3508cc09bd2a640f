/** A whole sentence in words: no item of a list, no line of a program. */
export function isPlainSentence(text: string): boolean {
  const letters = text.match(/[\p{L}\s]/gu)?.length ?? 0;
  return (
    /^[\p{Lu}"“]/u.test(text) &&
    /[.!?:]["”)]?$/.test(text) &&
    !/```|[|{}]/.test(text) &&
    letters >= 0.85 * text.length
  );
}
