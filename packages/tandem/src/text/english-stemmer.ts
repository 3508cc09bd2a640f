/**
 * The stem of a lower-case English word by Snowball's "english" algorithm (Porter2, snowballstem.org/algorithms/english), as it is
 * since Snowball 3.1. Words with other letters than a–z come back as they are.
 */
export function englishStem(word: string): string {
  return /^[a-z]+$/.test(word) ? withoutEnglishEnding(word) : word;
}

/** The same for a word of any letters and digits: what is not a–z counts as a consonant. */
export function withoutEnglishEnding(word: string): string {
  if (word.length <= 2) return word;
  const exception = exceptions.get(word);
  if (exception !== undefined) return exception;

  // A y that is a consonant is written Y.
  let stem = word.replace(/^y/, 'Y').replace(/([aeiouy])y/g, '$1Y');
  const r1 = regionOne(stem);
  const r2 = regionAfter(stem, r1);
  const endsIn = (suffix: string, region: number) =>
    stem.endsWith(suffix) && stem.length - suffix.length >= region;
  const cut = (letters: number, replacement = '') => {
    stem = stem.slice(0, stem.length - letters) + replacement;
  };

  // 1a: plurals.
  if (stem.endsWith('sses')) cut(2);
  else if (stem.endsWith('ied') || stem.endsWith('ies')) cut(stem.length > 4 ? 2 : 1);
  else if (/[aeiouy].+s$/.test(stem) && !/[us]s$/.test(stem)) cut(1);

  // 1b: past tense and gerund.
  const eed = /eed(ly)?$/.exec(stem)?.[0];
  const past = /(ed|edly|ing|ingly)$/.exec(stem)?.[0];
  if (eed !== undefined) {
    if (endsIn(eed, r1) && !/^(?:exc|proc|succ)eed(?:ly)?$/.test(stem)) cut(eed.length, 'ee');
  } else if (/^[^aeiouy]ying$/.test(stem)) cut(4, 'ie');
  else if (past !== undefined && !keptGerund.test(stem) && /[aeiouy]/.test(stem.slice(0, -past.length))) {
    cut(past.length);
    if (/(at|bl|iz)$/.test(stem)) stem += 'e';
    else if (/(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(stem) && !/^[aeo]..$/.test(stem)) cut(1);
    else if (stem.length <= r1 && endsInShortSyllable(stem)) stem += 'e';
  }

  // 1c
  if (/.[^aeiouy][yY]$/.test(stem)) cut(1, 'i');

  // 2 and 3: the longest suffix counts, replaced where it lies in R1.
  const second = longest(stem, stepTwo);
  if (second && endsIn(second[0], r1)) {
    const before = stem.at(-second[0].length - 1) ?? '';
    if (second[0] === 'ogi' ? before === 'l' : second[0] !== 'li' || 'cdeghkmnrt'.includes(before || '-'))
      cut(second[0].length, second[1]);
  }
  const third = longest(stem, stepThree);
  if (third && endsIn(third[0], third[0] === 'ative' ? r2 : r1)) cut(third[0].length, third[1]);

  // 4
  const fourth = longest(stem, stepFour)?.[0];
  if (fourth && endsIn(fourth, r2) && (fourth !== 'ion' || /[st]ion$/.test(stem))) cut(fourth.length);

  // 5
  if (endsIn('e', r2) || (endsIn('e', r1) && !endsInShortSyllable(stem.slice(0, -1)))) cut(1);
  else if (endsIn('l', r2) && stem.endsWith('ll')) cut(1);
  return stem.toLowerCase();
}

/** R1: what follows the first consonant after a vowel. */
function regionOne(word: string): number {
  const special = /^(arsen|commun|emerg|gener|inter|later|organ|past|univers)/.exec(word)?.[0];
  return special === undefined ? regionAfter(word, 0) : special.length;
}

function regionAfter(word: string, from: number): number {
  const match = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return match ? from + match.index + 2 : word.length;
}

/** Vowel between consonants, the last not w, x or Y; or a vowel at the beginning and a consonant; or "past", as in "paste". */
const endsInShortSyllable = (stem: string) =>
  /[^aeiouy][aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$|past$/.test(stem);

function longest(stem: string, suffixes: readonly (readonly [string, string])[]) {
  return suffixes.find(([suffix]) => stem.endsWith(suffix));
}

const byLength = (pairs: [string, string][]) => pairs.sort((a, b) => b[0].length - a[0].length);

const stepTwo = byLength([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer', 'ize'],
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['alli', 'al'],
  ['fulness', 'ful'],
  ['ousli', 'ous'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['bli', 'ble'],
  ['ogi', 'og'],
  ['ogist', 'og'],
  ['fulli', 'ful'],
  ['lessli', 'less'],
  ['li', ''],
]);
const stepThree = byLength([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
  ['ative', ''],
]);
const stepFour = byLength(
  'al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize ion'
    .split(' ')
    .map((suffix) => [suffix, '']),
);

const exceptions = new Map<string, string>([
  ...Object.entries({
    skis: 'ski',
    skies: 'sky',
    idly: 'idl',
    gently: 'gentl',
    ugly: 'ugli',
    early: 'earli',
    only: 'onli',
    singly: 'singl',
  }),
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word): [string, string] => [
    word,
    word,
  ]),
]);
/** Words of their own, no verbs' forms. */
const keptGerund = /^(?:cann|earr|even|herr|inn|out)ing$/;
