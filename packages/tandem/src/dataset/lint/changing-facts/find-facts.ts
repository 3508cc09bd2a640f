import { sentences } from '../../../text/sentences.ts';
import { isSameValue, valuesIn } from '../../../text/values.ts';
import type { ChangingFact } from './changing-fact.ts';
import { datesIn } from './dates.ts';
import { officeHoldersIn } from './office-holders.ts';
import { presentWordsIn } from './present-words.ts';
import { pricesIn } from './prices.ts';
import { versionsIn } from './versions.ts';

/** All that a text says of now, in order. What is two things (a version that could be a date) is told once. */
export function changingFactsIn(text: string, now: Date): ChangingFact[] {
  const isHistory = (fact: ChangingFact, years?: number) => isOfThePast(sentenceOf(text, fact), now, years);
  const all = [
    // What was paid in a year that is over stays what it was.
    ...pricesIn(text).filter((fact) => !isHistory(fact)),
    ...versionsIn(text),
    // So is a day without a year in a text about years that are over.
    ...datesIn(text, now).filter(
      ({ start, end }) => /\d{4}/.test(text.slice(start, end)) || !isOfThePast(text, now),
    ),
    ...officeHoldersIn(text).filter((fact) => !isHistory(fact, termOfOffice)),
    // "As of December 31, 2019".
    ...presentWordsIn(text).filter(
      (fact) => !(/^as of/i.test(text.slice(fact.start, fact.end)) && isHistory(fact)),
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

/** Nobody is in office for so many years. */
const termOfOffice = 25;

/** Whether all years that a text names are over, for so many years at least. */
export function isOfThePast(text: string, now: Date, ago = 1): boolean {
  const years = [...text.matchAll(/(?<!\p{N})(?:1[5-9]|20)\d\d(?!\p{N})/gu)].map(([year]) => Number(year));
  return years.length > 0 && years.every((year) => year <= now.getUTCFullYear() - ago);
}
