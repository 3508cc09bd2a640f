import { monthsCalled } from './number-words.ts';

/** Where digits stand in their text. */
export interface Place {
  text: string;
  start: number;
  end: number;
}

/**
 * The terms of a date in digits: the day, its month, the day of any year, the year. 3/7/2025 is in July or in March, so both.
 * `undefined` for what is no date.
 */
export function numericDateTerms(written: string): string[] | undefined {
  const [, isoYear, , isoMonth, isoDay] = /^(\d{4})([-/.]?)(\d\d?)\2(\d\d?)(?:t\d.*)?$/i.exec(written) ?? [];
  if (isoYear !== undefined) {
    if (/^\d+$/.test(written) && written.length !== 8) return undefined;
    return termsOfDates(isoYear, [[Number(isoMonth), Number(isoDay)]]);
  }
  const [, one, mark, other, year] = /^(\d\d?)([-/.])(\d\d?)\2(\d{4})$/.exec(written) ?? [];
  if (year === undefined) return undefined;
  const [a, b] = [Number(one), Number(other)];
  const dayFirst = [b, a] as const;
  // Only strokes have the month first anywhere.
  return termsOfDates(year, mark === '/' ? [dayFirst, [a, b]] : [dayFirst]);
}

/** A date of Chinese, Japanese or Korean, with the day or without: "2025年7月3日", "2025년 7월". */
export function easternDateTerms({ text, start }: Place): { terms: string[]; end: number } | undefined {
  const [written, year, month, day] = easternDate.exec(text.slice(start, start + 20)) ?? [];
  if (written === undefined) return undefined;
  const terms =
    day === undefined
      ? [monthOfYear(year!, Number(month)), year!]
      : termsOfDates(year!, [[Number(month), Number(day)]]);
  return terms && { terms, end: start + written.length };
}

const easternDate = /^([12]\d{3})[年년]\s?(1[0-2]|0?[1-9])[月월](?:\s?(\d\d?)[日일])?/u;

/**
 * The terms of a day of the month beside a month's name: "3 July 2025", "July 3rd", "3. Juli". Month and year are told by
 * `yearTerms` and by the month's name, which is a word.
 */
export function dayTerms(day: string, { text, start, end }: Place): string[] | undefined {
  const date = Number(day);
  if (date < 1 || date > 31) return undefined;
  const [, nameAfter = '', yearAfter] = afterDay.exec(text.slice(end, end + 48)) ?? [];
  let months = monthsCalled(nameAfter);
  let year: string | undefined = yearAfter;
  if (months.length === 0) {
    const [, nameBefore = ''] = beforeDay.exec(text.slice(Math.max(0, start - 24), start)) ?? [];
    months = monthsCalled(nameBefore);
    year = afterMonthAndDay.exec(text.slice(end, end + 12))?.[1];
  }
  if (months.length === 0) return undefined;
  const inAnyYear = months.map((month) => monthDay(month, date));
  return year === undefined
    ? [...inAnyYear, String(date)]
    : [...inAnyYear.map((each) => `${year}${each}`), ...inAnyYear];
}

/** A year's terms behind a month's name, with a day between them or not: "July 2025", "July 3, 2025". */
export function yearTerms(year: string, { text, start }: Place): string[] | undefined {
  if (!/^[12]\d{3}$/.test(year)) return undefined;
  const [, name = ''] = beforeYear.exec(text.slice(Math.max(0, start - 32), start)) ?? [];
  const months = monthsCalled(name);
  return months.length === 0 ? undefined : [year, ...months.map((month) => monthOfYear(year, month))];
}

/** What joins day, month and year in words, in English and the languages from Latin: "3rd of July", "3 de julio de 2025". */
const joint = String.raw`(?:(?:of|de|del|di)\s+)?`;
const afterDay = new RegExp(
  String.raw`^(?:st|nd|rd|th|er|[.º])?\s+${joint}(\p{L}[\p{L}\p{M}]*)\.?(?:,?\s+${joint}(\d{4})(?![\p{L}\p{N}]))?`,
  'u',
);
const beforeDay = /(?<![\p{L}\p{M}])(\p{L}[\p{L}\p{M}]*)\.?\s+(?:the\s+)?$/u;
const afterMonthAndDay = /^(?:st|nd|rd|th)?,?\s+(\d{4})(?![\p{L}\p{N}])/u;
const beforeYear = new RegExp(
  String.raw`(?<!\d(?:st|nd|rd|th|er|[.º])?\s+${joint}|[\p{L}\p{M}])(\p{L}[\p{L}\p{M}]*)\.?,?\s+${joint}$`,
  'u',
);

function termsOfDates(
  year: string,
  dates: readonly (readonly [month: number, day: number])[],
): string[] | undefined {
  const real = dates.filter(([month, day]) => month >= 1 && month <= 12 && day >= 1 && day <= 31);
  if (real.length === 0 || !/^[12]\d{3}$/.test(year)) return undefined;
  return [
    ...real.map(([month, day]) => `${year}${monthDay(month, day)}`),
    ...real.map(([month]) => monthOfYear(year, month)),
    ...real.map(([month, day]) => monthDay(month, day)),
    year,
  ];
}

const twoDigits = (value: number) => String(value).padStart(2, '0');
const monthDay = (month: number, day: number) => `M${twoDigits(month)}D${twoDigits(day)}`;
const monthOfYear = (year: string, month: number) => `${year}M${twoDigits(month)}`;
