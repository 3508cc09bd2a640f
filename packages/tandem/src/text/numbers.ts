import { dayTerms, easternDateTerms, numericDateTerms, type Place, yearTerms } from './dates.ts';
import { withoutEnglishEnding } from './english-stemmer.ts';
import { foldToAscii } from './fold-to-ascii.ts';
import {
  type Marks,
  marksOf,
  type NumberReading,
  readingsOf,
  scaled,
  termOfValue,
  versionTerms,
} from './number-readings.ts';
import { isCurrencyCode, meansPercent, powersCalled, withAsciiDigits } from './number-words.ts';
import { unspacedScripts } from './unspaced-scripts.ts';

/** A number, date, version or code in a text, and the terms that it is found by. */
export interface NumberInText {
  /** `[start, end)` in UTF-16 units. */
  start: number;
  end: number;
  /**
   * `version`: dotted numbers, which a clause, an address and a decimal are too; `code`: letters and digits joined ("GK-19"); `number`:
   * what counts or measures.
   */
  kind: 'number' | 'date' | 'version' | 'code';
  /** What it can mean, in the forms that `numbersIn` tells; the first is the most exact. */
  terms: string[];
}

/**
 * The numbers of a text as full-text search compares them: two ways to write one thing share a term. A whole number is its digits, with
 * nothing between groups. All else has a capital letter among its digits, which no word has (words are compared in lower case),
 * so that no term means two things:
 *
 *     2.1         2D1            and "2,1"; never 2.10, 2.1.1 or 1.2.1
 *     2.1, 2.1.1  2D1F           both are of the family of 2.1: a question about 2.1 also finds 2.1.1, further down
 *     1,577       1577 1D577     groups or decimals, so both
 *     1.2 billion 1D2 1200000000
 *     5 %         5 5P
 *     5kg         5 5Ukg kg
 *     FY22        2022 fiscal
 *     2025-07-03  2025M07D03 2025M07 M07D03 2025
 *     3/7/2025    the terms of both dates
 *     GK-19       gk19 gk        a code is whole: its number is no term
 *
 * What has no digit, and a word with digits in it ("B12"), is left to the words; so are a month's name, and a unit behind a space.
 */
export function numbersIn(text: string): NumberInText[] {
  const found: NumberInText[] = [];
  const marks = marksOf(text);
  let from = 0;
  digit.lastIndex = 0;
  for (let match = digit.exec(text); match; match = digit.exec(text)) {
    let start = match.index;
    while (start > from && isInRun(text, start - 1)) start--;
    while (joins.test(text[start]!)) start++;
    run.lastIndex = start;
    const end = start + (run.exec(text)?.[0].length ?? 0);
    // What is longer is a key or encoded data.
    if (end - start <= longest) addRun(found, { text, start, end, marks });
    from = Math.max(end, match.index + match[0].length, found.at(-1)?.end ?? 0);
    digit.lastIndex = from;
  }
  return found;
}

/**
 * What in a question names one thing by digits: versions, clauses, addresses, dates and codes, each with the term of a passage that
 * says the same (it is among the terms of the passage's `numbersIn`). Amounts and counts are none: many things cost 5.
 */
export function identifiersIn(
  question: string,
): { text: string; start: number; end: number; kind: NumberInText['kind']; term: string }[] {
  return numbersIn(question)
    .filter(({ kind }) => kind !== 'number')
    .map(({ start, end, kind, terms }) => ({
      text: question.slice(start, end),
      start,
      end,
      kind,
      term: terms[0]!,
    }));
}

/** A text with `numberMark` in the place of each number, and their terms in order. */
export function withNumbersMarked(text: string): { text: string; terms: string[][] } {
  const numbers = numbersIn(text);
  let marked = '';
  let from = 0;
  for (const { start, end } of numbers) {
    marked += `${text.slice(from, start).replaceAll(markCharacter, ' ')} ${numberMark} `;
    from = end;
  }
  marked += text.slice(from).replaceAll(markCharacter, ' ');
  return { text: marked, terms: numbers.map(({ terms }) => terms) };
}

/** A character for private use, behind a digit: whoever looks at the words around it sees a number. */
const markCharacter = '\ue000';
export const numberMark = `0${markCharacter}`;

const longest = 64;
const digit = /\p{Nd}/gu;
const joins = /[-./,'’_‑]/;

/** Letters and digits, single marks between them. Scripts without spaces end it: they are cut into words elsewhere. */
const oneLetter = String.raw`(?![${unspacedScripts}])[\p{L}\p{M}\p{N}°]`;
const run = new RegExp(`(?:${oneLetter})+(?:${joins.source}(?:${oneLetter})+)*`, 'uy');
const oneOfRun = new RegExp(`^(?:${oneLetter}|${joins.source})$`, 'u');

function isInRun(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return /[a-z0-9\-./,'_]/i.test(text[at]!) && !isDoubled(text, at);
  // The halves of a character outside the basic plane go together.
  if (code >= 0xdc00 && code <= 0xdfff) return oneOfRun.test(text.slice(at - 1, at + 1));
  if (code >= 0xd800 && code <= 0xdbff) return oneOfRun.test(text.slice(at, at + 2));
  return oneOfRun.test(text[at]!) && !isDoubled(text, at);
}

/** Two marks in a row join nothing: "see …—4.2", "1..5". */
function isDoubled(text: string, at: number): boolean {
  return (
    joins.test(text[at]!) &&
    (at === 0 || joins.test(text[at + 1] ?? '') || !/[\p{L}\p{M}\p{N}]/u.test(text[at - 1]!))
  );
}

/** What a run says; what it does not say as a whole, its parts may. */
function addRun(found: NumberInText[], place: NumberPlace, joined?: string): void {
  const { text, start, end, marks } = place;
  const written = withAsciiDigits(text.slice(start, end)).replaceAll('‑', '-');
  if (!/\d/.test(written)) return;
  // Digits outside the basic plane are two units long, and their parts' places would not be the text's.
  if (written.length !== end - start) return;
  const date = dateInside.exec(written);
  if (date && date[0].length < written.length) {
    const [from, to] = [start + date.index, start + date.index + date[0].length];
    for (const [a, b] of [
      [start, from],
      [from, to],
      [to, end],
    ] as const)
      addRun(found, { text, start: a, end: b, marks });
    return;
  }
  const meaning = meaningOf(written, place);
  if (meaning) {
    const terms = [...new Set(joined === undefined ? meaning.terms : [...meaning.terms, joined])].filter(
      isTerm,
    );
    if (terms.length > 0) found.push({ start, end: meaning.end ?? end, kind: meaning.kind, terms });
    return;
  }
  // The looser a mark joins, the sooner it parts.
  const mark = ['_', '/', '-', "'", '’', ',', '.'].find((each) => written.includes(each));
  if (mark === undefined) return;
  let at = start;
  let before = '';
  for (const part of written.split(mark)) {
    const isName = mark === '-' && /^\p{L}{2,}$/u.test(before) && /^\d+$/.test(part);
    addRun(
      found,
      { text, start: at, end: at + part.length, marks },
      isName ? foldToAscii(`${before}${part}`.toLowerCase()) : undefined,
    );
    at += part.length + 1;
    before = part;
  }
}

const dateInside = /(?<![\p{L}\p{N}])\d{4}-\d\d-\d\d(?![\p{L}\p{N}])/u;
const isTerm = (term: string) => Buffer.byteLength(term) < 64 && /^[\p{Alphabetic}\p{M}\p{N}]+$/u.test(term);

interface NumberPlace extends Place {
  marks: Marks;
}

interface Meaning {
  kind: NumberInText['kind'];
  terms: string[];
  /** Where it reaches beyond its run: "1 577". */
  end?: number;
}

function meaningOf(written: string, place: NumberPlace): Meaning | undefined {
  const eastern = easternDateTerms(place);
  if (eastern) return { kind: 'date', ...eastern };
  const date = numericDateTerms(written);
  // Eight digits may be a number as well.
  if (date)
    return /^\d+$/.test(written)
      ? { kind: 'number', terms: [written, ...date] }
      : { kind: 'date', terms: date };
  const years = yearsOf(written);
  if (years) return { kind: 'number', terms: years };
  const [, sign = '', body = '', tail = ''] = numberForm.exec(written) ?? [];
  if (body === '') return codeOf(written);
  if (sign !== '') {
    if (tail !== '') return undefined;
    return { kind: 'version', terms: body.includes('.') ? versionTerms(body) : [`v${body}`, body] };
  }
  if (/^(?:st|nd|rd|th)?$/i.test(tail)) {
    const day = /^\d\d?$/.test(body) ? dayTerms(body, place) : undefined;
    if (day) return { kind: 'date', terms: day };
    if (tail !== '') return undefined;
  }
  return amountOf(body, tail, place);
}

const numberForm = /^(v(?=\d))?(\d+(?:[.,'’]\d+)*)([\p{L}°][\p{L}\p{M}²³]*)?$/iu;

/** A number with what stands before and after it: a currency, a unit, "billion", "%". */
function amountOf(body: string, tail: string, place: NumberPlace): Meaning | undefined {
  const { text, start } = place;
  const spaced = tail === '' ? groupsBehindSpaces(body, place) : undefined;
  const end = spaced?.end ?? place.end;
  const readings = spaced?.readings ?? readingsOf(body, place.marks);
  const before = text.slice(Math.max(0, start - 16), start);
  const after = text.slice(end, end + 24);
  const word =
    tail ||
    (/^[ \u00a0\u202f]?([%٪]|\p{Sc}|\p{Script=Han}|\p{L}[\p{L}\p{M}]*|°\p{L})/u.exec(after)?.[1] ?? '');
  const isBehindSpace = tail === '' && /^[ \u00a0\u202f]/.test(after);
  const isMoney =
    /\p{Sc}[ \u00a0]?$/u.test(before) ||
    /^\p{Sc}$/u.test(word) ||
    isCurrencyCode(word) ||
    isCurrencyCode(/(?:^|\P{L})(\p{Lu}{3})[ \u00a0]?$/u.exec(before)?.[1] ?? '');

  const values = (of: (reading: NumberReading) => string) => readings.map(of);
  const measured: string[] = [];
  if (isMoney) measured.push(...values(({ value }) => termOfValue(value)));
  if (/^[%٪]$/u.test(word) || meansPercent(word) || /^ per cent\b/i.test(after))
    measured.push(...values(({ value }) => `${termOfValue(value)}P`));
  const unit = unitOf(word, isBehindSpace);
  if (unit)
    measured.push(...values(({ value }) => `${termOfValue(value)}U${unit}`), ...(tail === '' ? [] : [unit]));
  // One letter means millions with a currency, or as a capital at the number; else it is a metre, a minute or nothing.
  const isPower = word.length > 1 || isMoney || /^\p{Lu}$/u.test(tail) || /^\p{Script=Han}/u.test(word);
  for (const power of isPower ? powersCalled(word) : []) {
    measured.push(...values(({ value }) => termOfValue(scaled(value, power))));
    if (tail !== '') measured.push(stemmed(tail));
  }
  if (tail !== '' && measured.length === 0) return undefined;
  if (readings.length === 0)
    return /^\d+(?:\.\d+)+$/.test(body) ? { kind: 'version', terms: versionTerms(body) } : undefined;

  const terms = values(({ term }) => term);
  // A decimal may be a version or a clause, unless it measures, as it does in a table beside other cells.
  if (
    /\|[\s(]*$/.test(before) &&
    !/(?:^|\n)\|[\s(]*$/.test(text.slice(Math.max(0, start - 17), start)) &&
    measured.length === 0
  )
    return { kind: 'number', terms };
  if (measured.length === 0 && /^\d+(?:\.\d+)+$/.test(body)) {
    const isAmbiguous = readings.length > 1;
    return { kind: isAmbiguous ? 'number' : 'version', terms: isAmbiguous ? terms : versionTerms(body) };
  }
  if (/^\d+$/.test(body) && !spaced) terms.push(...termsBefore(body, before, place));
  return {
    kind: 'number',
    terms: [...terms, ...measured, ...(spaced?.parts ?? [])],
    end,
  };
}

/** What a whole number is with the word before it: a month's year, a fiscal year, the second half of "GK 19". */
function termsBefore(body: string, before: string, place: Place): string[] {
  const code = /(?:^|[^\p{L}\p{N}])(\p{Lu}{2,4})[ \u00a0]$/u.exec(before)?.[1];
  return [
    ...(yearTerms(body, place) ?? []),
    ...(/^(?:19|20)\d\d$/.test(body) && /\bFY $/i.test(before) ? [fiscalTerm] : []),
    ...(code !== undefined && body.length <= 5 ? [foldToAscii(`${code}${body}`.toLowerCase())] : []),
  ];
}

/** "1 577": with a space that does not break it is one number; with an ordinary one it may be two. */
function groupsBehindSpaces(
  body: string,
  { text, end, marks }: NumberPlace,
): { readings: NumberReading[]; parts: string[]; end: number } | undefined {
  if (!/^[1-9]\d{0,2}$/.test(body)) return undefined;
  groups.lastIndex = end;
  const [written, space, decimals = ''] = groups.exec(text) ?? [];
  if (written === undefined) return undefined;
  const parts = `${body}${written.slice(0, written.length - decimals.length)}`.split(space!);
  return {
    readings: readingsOf(`${parts.join('')}${decimals}`, marks),
    parts: space === ' ' ? parts : [],
    end: end + written.length,
  };
}

const groups = /([ \u00a0\u202f\u2009])\d{3}(?:\1\d{3})*([.,]\d+)?(?![\p{L}\p{N}]|[-./,'’]\p{N})/uy;

/** Years written with something: FY2022, FY21/22, 2021/22, Q3 2022 in one. */
function yearsOf(written: string): string[] | undefined {
  const [, fiscal, first = '', second = ''] =
    /^(fy)?['’]?(\d{4}|\d\d)(?:[-/](\d{4}|\d\d))?$/i.exec(written) ?? [];
  if (fiscal !== undefined) return [inFull(first), ...(second === '' ? [] : [inFull(second)]), fiscalTerm];
  if (second !== '' && /^(?:19|20)\d\d$/.test(first) && Number(inFull(second)) === Number(first) + 1)
    return [first, inFull(second)];
  const [, part, turned, fy, year = ''] =
    /^(?:(q[1-4]|h[12])|([1-4]q|[12]h))[-/]?(fy)?['’]?(\d{4}|\d\d)$/i.exec(written) ?? [];
  if (year === '') return undefined;
  const quarter = (part ?? [...turned!].reverse().join('')).toLowerCase();
  return [inFull(year), quarter, ...(fy === undefined ? [] : [fiscalTerm])];
}

/** Two digits of a year are of this century, or of the last where that would be far ahead. */
const inFull = (year: string) => (year.length === 4 ? year : `${Number(year) < 70 ? 20 : 19}${year}`);

/**
 * Letters and digits joined, as part numbers and standards are: groups of few letters, or "GK-19" and "gk-19" would not be told from
 * "type-2" and "file-2". What only counts ("60-year-old", "2.1-beta") is none.
 */
function codeOf(written: string): Meaning | undefined {
  const letters = written.match(/[\p{L}\p{M}]+/gu);
  if (!letters || !/[-./_]/.test(written) || /[,'’°]/.test(written)) return undefined;
  if (/^v?\d+(?:\.\d+)+/i.test(written) || /^\d+(?:[./]\d+)*(?:\p{Ll}|[-/._]\p{L}{2})/u.test(written))
    return undefined;
  if (letters.some((each) => each.length > (/\p{Lu}/u.test(each) ? 4 : 3))) return undefined;
  const whole = written
    .toLowerCase()
    .replace(/(?<=\p{N})\.(?=\p{N})/gu, 'D')
    .replace(/(?<=\p{N})[-/_](?=\p{N})/gu, 'J')
    .replace(/[-./_]/g, '');
  return {
    kind: 'code',
    terms: [foldToAscii(whole), ...letters.filter((each) => each.length > 1).map(stemmed)],
  };
}

/** The word of "fiscal 2022", which FY2022 is. */
const fiscalTerm = 'fiscal';

const stemmed = (word: string) => foldToAscii(withoutEnglishEnding(word.toLowerCase()));

/** A unit as it is compared; `undefined` for what is none. Behind a space a single letter rarely is one. */
function unitOf(word: string, isBehindSpace: boolean): string | undefined {
  const isUnit = units.has(word) || (word.length > 2 && units.has(word.toLowerCase()));
  if (!isUnit || (isBehindSpace && word.length === 1 && !/[mglhVW]/.test(word))) return undefined;
  return stemmed(word).replace(/°/g, 'deg');
}

const units: ReadonlySet<string> = new Set(
  `nm µm μm mm cm dm m km ft yd mi ha sqm sqft
  µg μg mcg mg g kg t lb lbs oz
  µl μl ml mL cl dl dL l L hl gal fl
  ns µs ms s sec min mins h hr hrs d
  Hz kHz MHz GHz rpm
  V mV kV A mA mAh Ah W mW kW MW GW Wh kWh MWh Ω
  Pa hPa kPa MPa bar mbar psi mmHg N Nm kN J kJ MJ cal kcal
  °C °F °K K IU mol mmol µmol ppm ppb dB dBA lm lx
  B kB KB MB GB TB PB KiB MiB GiB TiB bit kbit Mbit Gbit kbps Mbps Gbps px pt dpi fps
  m² m³ cm² cm³ mm² km² km/h mph`
    .trim()
    .split(/\s+/),
);
