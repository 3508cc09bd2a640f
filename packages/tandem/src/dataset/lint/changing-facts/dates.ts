import { isFunctionWord } from '../../../text/content-words.ts';
import { monthsCalled } from '../../../text/number-words.ts';
import { valuesIn } from '../../../text/values.ts';
import type { ChangingFact } from './changing-fact.ts';

/** What is longer past is history, and what is further ahead a forecast. In years. */
const past = 4;
const ahead = 20;

/** What a forecast is about is no deadline: "by 2040 the model has two degrees more". */
const forecast =
  /forecast|project(?:ed|ions?)\b|predict|scenario|prognos|vorhersage|prévision|projection|pron[oó]stic|proyecci|previsi[oó]n|predicci|proiezion|previsão|projeç|voorspel|ennuste|előrejelzés|předpově|прогноз|πρόβλεψ|öngör|تنبؤ|توقعات|תחזית|पूर्वानुमान|भविष्यवाणी|พยากรณ์|คาดการณ์|dự báo|ramalan|预测|預測|予測|예측/iu;

/** Days and months that are recent, to come, or of every year, and such years: deadlines, terms, what holds until when. Dates in history do not change. */
export function datesIn(text: string, now: Date): ChangingFact[] {
  const thisYear = now.getUTCFullYear();
  const years = new Set(text.match(/(?<!\p{N})(?:19|20)\d\d(?!\p{N})/gu));
  const dates = valuesIn(text).flatMap(({ kind, terms, start, end }): ChangingFact[] => {
    const isDate = kind === 'date' || (kind === 'number' && terms.some((term) => /^\d{4}M\d\d/.test(term)));
    const isYear = kind === 'number' && /^(?:19|20)\d\d$/.test(text.slice(start, end));
    if (!isDate && !isYear) return [];
    const own = terms.flatMap((term) => /^([12]\d{3})(?:M|$)/.exec(term)?.[1] ?? []).map(Number);
    const isNear = own.some((year) => year >= thisYear - past && year <= thisYear + ahead);
    if (own.length > 0 ? !isNear : isYear) return [];
    if (isYear && own.every((year) => year > thisYear) && forecast.test(text)) return [];
    // A table's columns.
    if (isYear && years.size > 2) return [];
    // "2024 patients": a number of things, which no year is.
    if (
      isYear &&
      /^\s?[%\p{Sc}]|^[ -](?:people|patients|cases|items|km|m|kg|g|mg|ml|euros?)\b/iu.test(
        text.slice(end, end + 12),
      )
    )
      return [];
    return [{ kind: 'date', start, end }];
  });
  // The day, the month's name and the year are one date: "3 July 2025", "July 3, 2025".
  const joined: ChangingFact[] = [];
  for (const date of dates) {
    const last = joined.at(-1);
    if (last && isWithin(text.slice(last.end, date.start))) last.end = date.end;
    else joined.push(date);
  }
  return joined
    .map((date) => ({ ...date, start: date.start - lengthOfMonth(text.slice(0, date.start)) }))
    .filter((date) => /\d{4}/.test(text.slice(date.start, date.end)) || !isNoDate(text, date));
}

/** What may stand between the day and the year. */
const isWithin = (between: string) =>
  /^(?:st|nd|rd|th|[.,º])?[ ,]*(?:\p{L}+\.?[ ,]*){0,3}$/u.test(between) && between.length < 24;

/** Of a month's name at the end of a text, with the space behind it. */
function lengthOfMonth(before: string): number {
  const [written, name = ''] = /(\p{L}+)\.? (?:the )?$/u.exec(before) ?? [];
  return written !== undefined && monthsCalled(name).length > 0 ? written.length : 0;
}

/** A number before a word that is a month's name elsewhere ("8 out of ten"). */
function isNoDate(text: string, { end }: ChangingFact): boolean {
  const [, behind = '', next = ''] = /^\.? (\p{Ll}+)(?: (\p{L}+))?/u.exec(text.slice(end, end + 24)) ?? [];
  // "The 15th of April".
  return isFunctionWord(behind) && !(behind === 'of' && monthsCalled(next).length > 0);
}
