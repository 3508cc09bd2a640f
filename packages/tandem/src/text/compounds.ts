/**
 * Compounds written as one word ("Krankenversicherung"), without a dictionary. What such a word is a kind of stands at its end, so
 * that a document has the endings of its long words as terms of their own, marked as endings, and a query
 *
 * - has the endings of its own long words as plain terms: documents that say "Versicherung" are found by "Krankenversicherung". Most
 *   endings are no words, and are in no document.
 * - asks for a word as an ending where no document has it as a word. Asking always finds too much: on 783 German manual pages, found by
 *   their one-line descriptions, nDCG@10 is .643 by words, .649 so, .620 if all words are asked for as endings, and .595 by 5-grams of
 *   long words (`bench/retrieve/compounds.ts`).
 */
export const hasCompounds = (language: string | undefined): boolean => compounding.has(language);

const compounding: ReadonlySet<string | undefined> = new Set(['da', 'de', 'fi', 'nl', 'no', 'sv']);

/** The endings of a term that may be words; none of a short one, and of what is not all letters. */
export function endingsOf(term: string): string[] {
  if (!/^\p{Ll}{10,}$/u.test(term)) return [];
  const endings: string[] = [];
  for (let start = fewestBefore; start <= term.length - fewestLetters; start++)
    endings.push(term.slice(start));
  return endings;
}

/** The term by which a document has words that end so; undefined for what is too short to be looked for as an ending. */
export function endingTerm(term: string): string | undefined {
  // No word has a capital: they are in lower case.
  return term.length >= fewestLetters && /^\p{Ll}+$/u.test(term) ? `E${term}` : undefined;
}

/** Letters before an ending, and of it. */
const fewestBefore = 4;
const fewestLetters = 5;
