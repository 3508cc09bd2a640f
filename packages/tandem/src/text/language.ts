import { functionWords } from './function-words.ts';
import { functionWordsByLanguage } from './function-words-by-language.ts';
import { foldedWords } from './words.ts';

/**
 * The language that a text is written in, as ISO 639-1 (`de`, `zh`; Norwegian is `no`), or undefined where that is not plain: a text
 * of few letters, one in several languages, a table of names, a language that is not among those told apart here. The same for the
 * same text. Looks at some 1,800 characters from the text's beginning, middle and end, so that a long text takes no longer than a short one.
 *
 * A script that one language is written in says it; among the languages of one script the trigrams of `franc` do, where the same comes
 * of each part of the text and words that every text of that language has (articles, pronouns) are there.
 *
 * @example
 * await detectLanguage(document.text) // 'de'
 */
export async function detectLanguage(text: string): Promise<string | undefined> {
  const pieces = sample(text).map(withoutCode);
  const script = mainScript(pieces.join(' '));
  if (script === undefined) return undefined;
  if (script === 'Han') return isJapanese(pieces.join(' ')) ? 'ja' : 'zh';
  const only = languagesOf[script]!;
  if (only.length === 1) return only[0];
  const own = script === 'Latin' ? pieces : pieces.map((piece) => piece.replace(/\p{Script=Latin}+/gu, ' '));
  const whole = own.join(' ');
  if (countLetters(whole) < fewestLetters) return undefined;

  const { francAll } = await import('franc');
  const ranking = francAll(whole, { only: only.map((language) => codes[language]!) });
  const candidates = ranking
    .filter(([, nearness]) => nearness >= 0.97)
    .map(([code]) => only.find((language) => codes[language] === code)!);
  const counted = candidates.filter((language) => functionWordSets.has(language));
  const words = foldedWords(whole);
  const [said = candidates[0]] = counted.sort(
    (a, b) => countFunctionWords(words, b) - countFunctionWords(words, a),
  );
  if (said === undefined) return undefined;
  const isSaid = (piece: string) => hasFunctionWords(foldedWords(piece), said, only);
  const isNear = (piece: string) => {
    const near = ranking.slice(0, 6).map(([code]) => code);
    const [, nearness = 0] = francAll(piece, { only: near }).find(([code]) => code === codes[said]) ?? [];
    return nearness >= 1 - mostBehind(countLetters(piece));
  };
  const isSure = functionWordSets.has(said)
    ? hasFunctionWords(words, said, only)
    : (ranking[1]?.[1] ?? 0) <= 1 - leastLead;
  const isThroughout = () =>
    own.every((piece) => countLetters(piece) < fewestLetters || isSaid(piece) || isNear(piece));
  return isSure && isThroughout() ? said : undefined;
}

/**
 * The language that a document's metadata gives it in the field `language` or `lang`: a tag ("de", "de-AT", "deu") or its name in
 * English or in that language ("German", "Deutsch"). Undefined where there is none that is known.
 */
export function toldLanguage(metadata: Readonly<Record<string, string>>): string | undefined {
  for (const [field, value] of Object.entries(metadata))
    if (/^(?:language|lang)$/i.test(field)) {
      const language = languageNamed(value.trim());
      if (language !== undefined) return language;
    }
  return undefined;
}

/** A language's English name, for messages: "German" for `de`. */
export function languageName(language: string): string {
  return englishNames.of(language) ?? language;
}

/** The script of a language, by Unicode's name ("Cyrillic"; "Han" for Japanese too); Latin for one that is not known here. */
export function scriptOf(language: string): string {
  return Object.keys(languagesOf).find((script) => languagesOf[script]!.includes(language)) ?? 'Latin';
}

/** Fewer letters are too few for trigrams. */
const fewestLetters = 100;
/** How much nearer the text must be to a language without a list of function words than to the next; `franc` gives the nearest 1. */
const leastLead = 0.005;
/**
 * How far a part of the text, by its letters, may be from its language while another is nearer: related languages take turns in short
 * parts (Russian and Bulgarian), while unrelated ones are further apart.
 */
const mostBehind = (letters: number) => (letters < 350 ? 0.08 : 0.03);
/** Of the words. Running text has 15 to 50 in 100. */
const leastFunctionWords = 0.05;

/** Languages that are told apart, by the script that they are written in; `codes` has their names in `franc`. */
const languagesOf: Readonly<Record<string, readonly string[]>> = {
  Latin: 'en de fr es pt it nl sv da no fi hu ro tr pl cs sk sl hr et lv lt ca id vi'.split(' '),
  Cyrillic: ['ru', 'uk', 'bg', 'sr', 'be'],
  Arabic: ['ar', 'fa', 'ur'],
  Devanagari: ['hi', 'mr', 'ne'],
  Han: ['zh', 'ja'],
  Hangul: ['ko'],
  Thai: ['th'],
  Lao: ['lo'],
  Khmer: ['km'],
  Myanmar: ['my'],
  Greek: ['el'],
  Hebrew: ['he'],
  Armenian: ['hy'],
  Georgian: ['ka'],
  Bengali: ['bn'],
  Tamil: ['ta'],
  Telugu: ['te'],
  Gujarati: ['gu'],
  Kannada: ['kn'],
  Malayalam: ['ml'],
  Gurmukhi: ['pa'],
};

const codes: Readonly<Record<string, string>> = {
  en: 'eng',
  de: 'deu',
  fr: 'fra',
  es: 'spa',
  pt: 'por',
  it: 'ita',
  nl: 'nld',
  sv: 'swe',
  da: 'dan',
  no: 'nob',
  fi: 'fin',
  hu: 'hun',
  ro: 'ron',
  tr: 'tur',
  pl: 'pol',
  cs: 'ces',
  sk: 'slk',
  sl: 'slv',
  hr: 'hrv',
  et: 'ekk',
  lv: 'lvs',
  lt: 'lit',
  ca: 'cat',
  id: 'ind',
  vi: 'vie',
  ru: 'rus',
  uk: 'ukr',
  bg: 'bul',
  sr: 'srp',
  be: 'bel',
  ar: 'arb',
  fa: 'pes',
  ur: 'urd',
  hi: 'hin',
  mr: 'mar',
  ne: 'npi',
};

/** Three pieces, from the beginning, the middle and the end; a short text whole. */
function sample(text: string): string[] {
  if (text.length < 3 * fewestLetters) return [text];
  const length = Math.min(600, Math.floor(text.length / 3));
  const middle = Math.floor((text.length - length) / 2);
  return [0, middle, text.length - length].map((start) => text.slice(start, start + length).toWellFormed());
}

/** Addresses, paths, names in programs and anything with digits are of no language. */
function withoutCode(text: string): string {
  return text
    .normalize('NFC')
    .replace(/`[^`\n]*`|[\p{Lu}\p{Ll}\p{N}]*[\p{N}_/\\@=<>{}][^\s\p{Lo}]*/gu, ' ')
    .replace(/[\p{L}-]+(?:\.[\p{L}-]+)+/gu, ' ');
}

const countLetters = (text: string) => text.match(/\p{Alphabetic}/gu)?.length ?? 0;

/** The script of most of a text. Kana count as Han, and a letter of scripts whose words have few letters for three. */
function mainScript(text: string): string | undefined {
  const weights = new Map<string, number>();
  let all = 0;
  for (const { 0: run, groups } of text.matchAll(runs)) {
    const script = Object.keys(groups!).find((name) => groups![name] !== undefined)!;
    const weight = run.length * (script === 'Han' || script === 'Hangul' ? 3 : 1);
    weights.set(script, (weights.get(script) ?? 0) + weight);
    all += weight;
  }
  const latin = weights.get('Latin') ?? 0;
  weights.delete('Latin');
  const [most] = [...weights].sort((a, b) => b[1] - a[1]);
  // Names and terms in Latin letters are in texts of all scripts, and hardly ever the other way round.
  if (most && most[1] >= 30 && most[1] >= 0.3 * all && most[1] >= 0.7 * (all - latin)) return most[0];
  return latin >= 30 && latin >= 0.7 * all ? 'Latin' : undefined;
}

/** Runs of letters of one script, in a group of its name. */
const runs = new RegExp(
  Object.keys(languagesOf)
    .map((script) => {
      const letters =
        script === 'Han'
          ? '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}'
          : `\\p{Script=${script}}`;
      return `(?<${script}>[${letters}]+)`;
    })
    .join('|'),
  'gu',
);

/** Japanese text is a good half kana; Chinese has none but in quotations. */
function isJapanese(text: string): boolean {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  return count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu) > 0.1 * count(/\p{Script=Han}/gu);
}

/** Whether a text, by its folded words, has those that each text of its language has, and not more of those of another. */
function hasFunctionWords(words: readonly string[], language: string, others: readonly string[]): boolean {
  const own = countFunctionWords(words, language);
  return (
    own > 0 &&
    own >= leastFunctionWords * words.length &&
    others.every((other) => countFunctionWords(words, other) <= 1.2 * own)
  );
}

/** None where there is no list of them. */
function countFunctionWords(words: readonly string[], language: string): number {
  const known = functionWordSets.get(language);
  return known ? words.filter((word) => known.has(word)).length : 0;
}

/** Norwegian and Danish share most of theirs, hence the fifth more above. */
const functionWordSets: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({ en: functionWords, ...functionWordsByLanguage }).map(([language, words]) => [
    language,
    new Set(words.flatMap((word) => foldedWords(word))),
  ]),
);

function languageNamed(name: string): string | undefined {
  const subtag = /^([a-z]{2,3})(?:[-_][a-z\d_-]+)?$/i.exec(name)?.[1];
  if (subtag !== undefined) {
    const language = Intl.getCanonicalLocales(subtag)[0]!;
    if (englishNames.of(language) === undefined) return undefined;
    return /^n[bn]$/.test(language) ? 'no' : language;
  }
  const wanted = name.toLowerCase();
  return Object.values(languagesOf)
    .flat()
    .find((language) =>
      [englishNames, new Intl.DisplayNames(language, { type: 'language' })].some(
        (names) => names.of(language)?.toLowerCase() === wanted,
      ),
    );
}

const englishNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
