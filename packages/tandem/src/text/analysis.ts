import { withoutEnglishEnding } from './english-stemmer.ts';
import { foldToAscii } from './fold-to-ascii.ts';
import { functionStems, functionWordSet } from './function-words.ts';
import { functionWordsByLanguage } from './function-words-by-language.ts';
import { scriptOf } from './language.ts';
import Arabic from './snowball/arabic.ts';
import Catalan from './snowball/catalan.ts';
import Czech from './snowball/czech.ts';
import Danish from './snowball/danish.ts';
import Dutch from './snowball/dutch.ts';
import Finnish from './snowball/finnish.ts';
import French from './snowball/french.ts';
import German from './snowball/german.ts';
import Greek from './snowball/greek.ts';
import Hindi from './snowball/hindi.ts';
import Hungarian from './snowball/hungarian.ts';
import Indonesian from './snowball/indonesian.ts';
import Italian from './snowball/italian.ts';
import Norwegian from './snowball/norwegian.ts';
import Persian from './snowball/persian.ts';
import Polish from './snowball/polish.ts';
import Portuguese from './snowball/portuguese.ts';
import Romanian from './snowball/romanian.ts';
import Russian from './snowball/russian.ts';
import Spanish from './snowball/spanish.ts';
import Swedish from './snowball/swedish.ts';
import Turkish from './snowball/turkish.ts';

/** How the words of one language become terms. */
export interface Analysis {
  /** Lower case, left out of the terms. */
  functionWords: ReadonlySet<string>;
  /** All words of a text, and `numberMark` as one. */
  wordPattern: RegExp;
  /** A text before it is cut into words. */
  prepare(text: string): string;
  /** A word in lower case without its ending; as it is where the language has no stemmer. */
  stem(word: string): string;
  /** The term of a word, as it is written; empty where it is left out. */
  term(word: string): string;
}

/**
 * The analysis of a language (ISO 639-1). A language without a stemmer has its words as they are. Without a language, words are
 * taken for English: so they were before documents had one, and no ending of another language is cut that may be part of a name.
 */
export function analysisOf(language: string | undefined): Analysis {
  const key = language ?? 'en';
  let analysis = analyses.get(key);
  if (!analysis) analyses.set(key, (analysis = key === 'en' ? english : createAnalysis(key)));
  return analysis;
}

const analyses = new Map<string, Analysis>();

const leftOutInEnglish = new Set(functionStems);

/**
 * Marks cut a word where they are not alphabetic, as a virama is not, and the vowel signs of Devanagari are; but not the nukta, which
 * makes one letter with the one before it, and in NFC is a character by itself.
 */
const words = /0\ue000|[\p{Alphabetic}\p{N}\u093c\u09bc\u0a3c\u0b3c]+/gu;

/** Words with all their marks: a virama is inside a word. Those that only choose how a character looks are no part of it. */
export const wordsWithMarks =
  /0\ue000|[\p{Alphabetic}\p{N}][[\p{Alphabetic}\p{N}\p{Mn}\p{Mc}]--[\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]]*/gv;

const english: Analysis = {
  wordPattern: words,
  functionWords: functionWordSet,
  prepare: (text) => text,
  stem: withoutEnglishEnding,
  term(word) {
    const stem = withoutEnglishEnding(word.toLowerCase());
    return leftOutInEnglish.has(stem) ? '' : foldToAscii(stem);
  },
};

function createAnalysis(language: string): Analysis {
  const own = particular[language];
  const functionWords = new Set(own?.keepsFunctionWords ? [] : functionWordsByLanguage[language]);
  // Accents are often left out where people type, and never tell a function word from another word that would be missed.
  const leftOut = new Set([...functionWords].map(foldToAscii));
  const isOwn = new RegExp(`\\p{Script=${scriptOf(language)}}`, 'u');
  const Snowball = stemmers[language];
  const stemmer = Snowball && new Snowball();
  const stem = (word: string) => (stemmer ? stemmer.stemWord(word) : word);
  return {
    functionWords,
    wordPattern: wordsWithMarks,
    prepare: own?.prepare ?? ((text) => text),
    stem,
    term(word) {
      // A word in Latin letters among Russian ones is a foreign one, mostly English.
      if (!isOwn.test(word)) return isLatin.test(word) ? english.term(word) : word.toLowerCase();
      const lower = own?.lower?.(word) ?? word.toLowerCase();
      if (leftOut.has(foldToAscii(lower))) return '';
      return foldToAscii(stem(lower));
    },
  };
}

/** Of Snowball's classes what is used of them. */
interface Stemmer {
  stemWord(word: string): string;
}

const isLatin = /^\p{Script=Latin}/u;

/** What a language needs besides. */
interface Particular {
  /** Leaving function words out made its questions worse. */
  keepsFunctionWords?: boolean;
  prepare?(text: string): string;
  lower?(word: string): string;
}

const particular: Readonly<Record<string, Particular>> = {
  // The nukta and the two signs of a nasal vowel are written or left out as people like.
  hi: {
    keepsFunctionWords: true,
    prepare: (text) => text.replace(/[\u093c\u200c\u200d]/gu, '').replaceAll('\u0901', '\u0902'),
  },
  ru: { lower: (word) => word.toLowerCase().replaceAll('ё', 'е') },
  // "I" is the capital of the dotless letter; after an apostrophe come a name's endings ("Ankara'dan").
  tr: {
    prepare: (text) => text.replace(/(?<=\p{L})['’]\p{Ll}+/gu, ''),
    lower: (word) => word.toLocaleLowerCase('tr'),
  },
};

const stemmers: Readonly<Record<string, new () => Stemmer>> = {
  ar: Arabic,
  ca: Catalan,
  cs: Czech,
  da: Danish,
  de: German,
  el: Greek,
  es: Spanish,
  fa: Persian,
  fi: Finnish,
  fr: French,
  hi: Hindi,
  hu: Hungarian,
  id: Indonesian,
  it: Italian,
  nl: Dutch,
  no: Norwegian,
  pl: Polish,
  pt: Portuguese,
  ro: Romanian,
  ru: Russian,
  sv: Swedish,
  tr: Turkish,
};
