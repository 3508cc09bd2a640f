import { contentWords } from '../text/content-words.ts';

/**
 * What a sentence says, one by one: its parts between semicolons, and main clauses that are joined by a comma and "and", "but", "while" or "whereas". Parts are the
 * sentence's own words, in order. What cannot be told from a list ("apples, pears and plums") stays whole: a claim that holds too much is still judged,
 * one that was cut in two where it says one thing is not. Clauses are told in English alone, semicolons in any language.
 *
 * @param sentence without markers of citations
 *
 * @example
 * splitClaims('A berth costs 24 euros, and the office opens at eight.');
 * // ['A berth costs 24 euros', 'the office opens at eight.']
 */
export function splitClaims(sentence: string): string[] {
  return sentence
    .split(/；/u)
    .flatMap((part) => partsBetweenSemicolons(part))
    .flatMap((part) => joinedClauses(part))
    .map((part) => part.trim())
    .filter((part) => /[\p{L}\p{N}]/u.test(part));
}

/** What is shorter is an item of a list: then all of it stays whole. */
function partsBetweenSemicolons(text: string): string[] {
  const parts = text.split(/(?<!&#?\w{1,8});(?=\s)/u);
  return parts.every((part) => wordsIn(part) >= 3) ? parts : [text];
}

/** A clause begins with what can be its subject; what follows a comma and "and" otherwise is the last of a list, or a second predicate. */
const clauseStart =
  /,\s+(?:and|but|while|whereas)\s+(?=(?:the|a|an|this|that|these|those|it|its|they|their|he|she|his|her|you|your|we|our|there|each|all|no)\s)/giu;

/** Fewer words say nothing that could be checked by itself. */
const fewestWords = 4;

function joinedClauses(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const match of text.matchAll(clauseStart)) {
    const [before, after] = [text.slice(start, match.index), text.slice(match.index + match[0].length)];
    if (wordsIn(before) < fewestWords || wordsIn(after) < fewestWords) continue;
    parts.push(before);
    start = match.index + match[0].length;
  }
  return [...parts, text.slice(start)];
}

const wordsIn = (text: string) => text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;

/** A list's own number or bullet is nothing that the list says. */
const listMark = /^\s*(?:\d{1,3}[.)]|[-*+•‣▪])\s+/u;

/** The sentence without what only places it in a list. */
export const withoutListMark = (sentence: string) => sentence.replace(listMark, '');

/**
 * Whether a sentence says anything that sources could bear out. A question, the lead of a list and a courtesy do not, unless they cite or give a number: "That makes 90 days,
 * right? [1]" claims something.
 * @param cites whether there is a marker in it or behind it
 */
export function isStatement(sentence: string, cites = false): boolean {
  const text = withoutListMark(sentence).trim();
  if (!/[\p{L}\p{N}]/u.test(text)) return false;
  if (cites || /\p{N}/u.test(text)) return true;
  return !/[?？:：]["”»')\]]*$/u.test(text) && !isCourtesy(text);
}

/** What assistants say around an answer, in English: it is of words like these alone. */
const courtesies = new Set(
  `absolutely anything assist assistance certainly course else feel free further glad happy hello help helpful helps here hesitate hi hope information know let luck
  more need ok okay please question questions sure thank thanks time welcome yes ask asking answer answers reach`.split(
    /\s+/,
  ),
);

function isCourtesy(text: string): boolean {
  const words = contentWords(text);
  return words.every((word) => courtesies.has(word));
}
