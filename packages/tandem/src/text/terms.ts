import { withoutEnglishEnding } from './english-stemmer.ts';
import { foldToAscii } from './fold-to-ascii.ts';
import { functionStems } from './function-words.ts';
import { numberMark, withNumbersMarked } from './numbers.ts';
import { textForWords } from './search-words.ts';

/**
 * The terms of a text, in order: what full-text search compares. Ingest makes them of each chunk and retrieval of each query, both with
 * this function; a store only looks for equal ones. They are runs of letters and digits, in lower case, English endings cut,
 * function words left out (but for abbreviations spelt like them), accents folded; scripts without spaces in pairs of characters.
 * Numbers, dates, versions and codes are as `numbersIn` gives them, however they are written.
 * Each is of letters, digits and marks only, and shorter than 64 bytes of UTF-8: what is longer is a key or a hash and no word.
 */
export function termsOf(text: string): string[] {
  const terms: string[] = [];
  // One form for what is the same: "é" may be written as a letter with an accent behind it, which would split the word.
  const { text: marked, terms: ofNumbers } = withNumbersMarked(text.normalize('NFC'));
  let numbers = 0;
  for (const [word] of textForWords(marked).matchAll(words)) {
    if (word === numberMark) {
      terms.push(...ofNumbers[numbers++]!);
      continue;
    }
    const term = termOf(word);
    if (term !== '') terms.push(term);
  }
  return terms;
}

/** How often each term occurs. */
export function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/**
 * Marks cut a word where they are not alphabetic, as a virama is not, and the vowel signs of Devanagari are; but not the nukta, which
 * makes one letter with the one before it, and in NFC is a character by itself.
 */
const words = /0\ue000|[\p{Alphabetic}\p{N}\u093c\u09bc\u0a3c\u0b3c]+/gu;

/** Empty where the word is left out. Words recur, and cutting one takes ten times as long as remembering it. */
function termOf(word: string): string {
  // A longer one is to V8 a part of its whole text, which would be kept with it.
  if (word.length > 12) return makeTerm(word);
  let term = remembered.get(word);
  if (term === undefined) {
    if (remembered.size === mostRemembered) remembered.clear();
    term = makeTerm(word);
    remembered.set(word, term);
  }
  return term;
}

const remembered = new Map<string, string>();
const mostRemembered = 20_000;

function makeTerm(word: string): string {
  if (word.length >= 64 / 3 && Buffer.byteLength(word) >= 64) return '';
  const stem = withoutEnglishEnding(word.toLowerCase());
  return leftOut.has(stem) ? '' : foldToAscii(stem);
}

const leftOut = new Set(functionStems);
