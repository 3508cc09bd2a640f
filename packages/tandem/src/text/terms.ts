import { englishStem } from './english-stemmer.ts';
import { functionStems } from './function-words.ts';
import { textForWords } from './search-words.ts';

/**
 * The terms of a text, in order, for stores whose own text analysis cannot be relied on: runs of letters and digits, lower case,
 * accents folded, function words left out (but for abbreviations spelt like them), English endings cut, scripts without spaces in pairs of characters. What a query and a
 * chunk share is what is left equal by this function. Longer than 64 characters is no word.
 */
export function termsOf(text: string): string[] {
  const folded = textForWords(text)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[ßøæœđłıþð]/g, (letter) => foldings[letter]!);
  const terms: string[] = [];
  for (const [word] of folded.matchAll(/[\p{Alphabetic}\p{M}\p{N}]+/gu)) {
    const term = englishStem(word);
    if (word.length <= 64 && !leftOut.has(term)) terms.push(term);
  }
  return terms;
}

/** How often each term occurs. */
export function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

const foldings: Record<string, string> = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  ł: 'l',
  ı: 'i',
  þ: 'th',
  ð: 'd',
};

const leftOut = new Set(functionStems);
