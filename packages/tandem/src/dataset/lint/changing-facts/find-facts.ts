import { sentences } from '../../../text/sentences.ts';
import { isSameValue, valuesIn } from '../../../text/values.ts';
import { tellsAccounts } from './accounts.ts';
import type { ChangingFact } from './changing-fact.ts';
import { datesIn } from './dates.ts';
import { officeHoldersIn } from './office-holders.ts';
import { presentWordsIn } from './present-words.ts';
import { pricesIn } from './prices.ts';
import { speaksOfThePast } from './tense.ts';
import { versionsIn } from './versions.ts';

/** All that a text says of now, in order. What is two things (a version that could be a date) is told once. */
export function changingFactsIn(text: string, now: Date): ChangingFact[] {
  const isHistory = (fact: ChangingFact, years?: number) => isOfThePast(sentenceOf(text, fact), now, years);
  const isOfThen = (fact: ChangingFact) => speaksOfThePast(sentenceOf(text, fact));
  const all = [
    // What was paid in a year that is over stays what it was, and so does what stands in accounts.
    ...pricesIn(text).filter(
      (fact) => !isHistory(fact) && !isOfThen(fact) && !tellsAccounts(sentenceOf(text, fact)),
    ),
    ...versionsIn(text),
    // So is a day without a year in a text about years that are over, and a day of which the sentence speaks as past.
    ...datesIn(text, now).filter((fact) => {
      const years = yearsOf(text.slice(fact.start, fact.end));
      const isOver = years.every((year) => year < now.getUTCFullYear());
      return !(isOver && isOfThen(fact)) && (years.length > 0 || !isOfThePast(text, now));
    }),
    ...officeHoldersIn(text).filter((fact) => !isHistory(fact, termOfOffice)),
    // "As of December 31, 2019"; and the year that a story of a past year calls this one.
    ...presentWordsIn(text).filter(
      (fact) => !(isRelative(text.slice(fact.start, fact.end)) && isHistory(fact)),
    ),
  ];
  return all
    .filter((fact, at) => !all.slice(0, at).some((other) => other.start < fact.end && other.end > fact.start))
    .toSorted((a, b) => a.start - b.start);
}

/** Whether another text says a fact, too: its values, however they are written, or its words where it has none. */
export function says(other: string, fact: string): boolean {
  const values = valuesIn(fact);
  if (values.length === 0) return other.toLowerCase().includes(fact.toLowerCase());
  const known = valuesIn(other);
  // A year is in each of its dates, and a date is more than its year.
  return values.every((value) =>
    known.some((each) => (each.kind === 'date') === (value.kind === 'date') && isSameValue(each, value)),
  );
}

function sentenceOf(text: string, { start, end }: ChangingFact): string {
  const span = sentences(text).find((each) => each.start <= start && each.end >= end);
  return span ? text.slice(span.start, span.end) : text;
}

/** What counts from a day that the text gives. */
const isRelative = (word: string) =>
  /^(?:as of|this|next|diese[snm]?|in diesem|nächste|cette|ce mois|l'année|este|el próximo|quest|l'anno|neste|próximo|dit|deze|volgend|detta|dette|nästa|næste|neste|bu |gelecek|w tym|w przyszłym|в этом|в следующем|цього|наступного|इस |अगले|tahun|năm|截至|現在$|今年|本月|明年|来年|올해|내년|ปีนี้|ปีหน้า)/iu.test(
    word,
  );

/** Nobody is in office for so many years. */
const termOfOffice = 25;

/** Whether all years that a text names are over, for so many years at least. */
export function isOfThePast(text: string, now: Date, ago = 1): boolean {
  const years = yearsOf(text);
  return years.length > 0 && years.every((year) => year <= now.getUTCFullYear() - ago);
}

const yearsOf = (text: string) =>
  [...text.matchAll(/(?<!\p{N})(?:1[5-9]|20)\d\d(?!\p{N})/gu)].map(([year]) => Number(year));
