import { editDistance } from '../../text/edit-distance.ts';

/** Whether there is a word that the others lack, with a slip, and without a space. */
export function hasOwn(words: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  const isJoined = (long: string, short: string, known: ReadonlySet<string>) =>
    (long.startsWith(short) && known.has(long.slice(short.length))) ||
    (long.endsWith(short) && known.has(long.slice(0, -short.length)));
  return [...words].some(
    (word) =>
      !others.has(word) &&
      ![...others].some(
        (other) => isSlip(word, other) || isJoined(word, other, others) || isJoined(other, word, words),
      ),
  );
}

/** A letter but the first changed, missing, too many or beside its place, of a word long enough to be known without it. */
export function isSlip(a: string, b: string): boolean {
  // Hardly anybody mistypes the first letter, and names that differ in it are other names.
  if (
    a[0] !== b[0] ||
    /\p{N}/u.test(a + b) ||
    Math.min(a.length, b.length) < 4 ||
    Math.abs(a.length - b.length) > 1
  )
    return false;
  const edits = editDistance(a, b);
  return edits <= 1 || (edits === 2 && [...a].sort().join('') === [...b].sort().join(''));
}
