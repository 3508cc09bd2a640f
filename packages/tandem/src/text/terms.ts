import { type Analysis, analysisOf, wordsWithMarks } from './analysis.ts';
import { endingsOf, endingTerm, hasCompounds } from './compounds.ts';
import { numberMark, withNumbersMarked } from './numbers.ts';
import { textForWords } from './search-words.ts';

/**
 * The words of a text as terms, in order: what full-text search compares. Ingest makes them of each chunk in its document's language
 * (`documentTermsOf`) and retrieval of each query (`queryTermsOf`); a store only looks for equal ones. They are runs of letters and digits, in lower case, endings cut and
 * function words left out as the language has them (but for abbreviations spelt like function words), accents folded; scripts without
 * spaces in pairs of characters, and of Thai and its like also the words. Numbers, dates, versions and codes are as `numbersIn` gives them,
 * however they are written. Each is of letters, digits and marks only, and shorter than 64 bytes of UTF-8: what is longer is a
 * key or a hash and no word.
 *
 * @param language ISO 639-1; words are taken for English without it.
 */
export function termsOf(text: string, language?: string): string[] {
  const analysis = analysisOf(language);
  const terms: string[] = [];
  // One form for what is the same: "é" may be written as a letter with an accent behind it, which would split the word.
  const { text: marked, terms: ofNumbers } = withNumbersMarked(text.normalize('NFC'));
  const plain = analysis.prepare(marked);
  let numbers = 0;
  for (const [word] of textForWords(plain, analysis.functionWords).matchAll(analysis.wordPattern)) {
    if (word === numberMark) {
      terms.push(...ofNumbers[numbers++]!);
      continue;
    }
    const term = termOf(word, analysis);
    if (term !== '') terms.push(term);
  }
  return terms;
}

/** The terms of a document's text: its words, and what they end with where words are compounds. */
export function documentTermsOf(text: string, language?: string): string[] {
  const terms = termsOf(text, language);
  if (!hasCompounds(language)) return terms;
  return terms.flatMap((term) => [term, ...endingsOf(term).map((ending) => endingTerm(ending)!)]);
}

/**
 * The terms of a query for an index whose documents are in these languages: those of each language, as often as in the one that has most
 * of them. A chunk has terms of its own language only, so that each is found as if the query had been analysed for it alone. What is a
 * function word in the query's own language is left out in all: "die" is no English word in a question in German.
 */
export function queryTermsOf(query: string, languages: readonly (string | undefined)[]): string[] {
  // English is one, named or not.
  const distinct = [...new Set(languages.map((language) => language ?? 'en'))];
  const own = distinct.length > 1 ? languageByFunctionWords(query, distinct) : undefined;
  const elsewhere = own === undefined ? query : withoutFunctionWords(query, own);
  const most = new Map<string, number>();
  for (const language of distinct) {
    const terms = termsOf(language === own ? query : elsewhere, language);
    const endings = hasCompounds(language) ? terms.flatMap(endingsOf) : [];
    for (const [term, count] of countTerms([...terms, ...endings]))
      most.set(term, Math.max(most.get(term) ?? 0, count));
  }
  return [...most].flatMap(([term, count]) => Array<string>(count).fill(term));
}

/** How often each term occurs. */
export function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Empty where the word is left out. Words recur, and cutting one takes ten times as long as remembering it. */
function termOf(word: string, analysis: Analysis): string {
  // A longer one is to V8 a part of its whole text, which would be kept with it.
  if (word.length > 12) return makeTerm(word, analysis);
  let remembered = rememberedOf.get(analysis);
  if (!remembered) rememberedOf.set(analysis, (remembered = new Map()));
  let term = remembered.get(word);
  if (term === undefined) {
    if (remembered.size === mostRemembered) remembered.clear();
    term = makeTerm(word, analysis);
    remembered.set(word, term);
  }
  return term;
}

const rememberedOf = new WeakMap<Analysis, Map<string, string>>();
const mostRemembered = 20_000;

function makeTerm(word: string, analysis: Analysis): string {
  if (word.length >= 64 / 3 && Buffer.byteLength(word) >= 64) return '';
  return analysis.term(word);
}

/** The language that has more of a query's words as function words than any other; undefined where two have as many. */
function languageByFunctionWords(query: string, languages: readonly string[]): string | undefined {
  const all = query.normalize('NFC').toLowerCase().match(wordsWithMarks) ?? [];
  const counts = languages
    .map((language) => {
      const { functionWords } = analysisOf(language);
      return { language, count: all.filter((word) => functionWords.has(word)).length };
    })
    .sort((a, b) => b.count - a.count);
  return counts[0]!.count > (counts[1]?.count ?? 0) ? counts[0]!.language : undefined;
}

/** Words in capitals may be abbreviations spelt like function words. */
function withoutFunctionWords(query: string, language: string): string {
  const { functionWords } = analysisOf(language);
  return query
    .normalize('NFC')
    .replace(wordsWithMarks, (word) =>
      functionWords.has(word.toLowerCase()) && !/^\p{Lu}{2,}$/u.test(word) ? ' ' : word,
    );
}
