import { isSameValue, valuesIn } from '../../../text/values.ts';
import type { ChangingFact } from './changing-fact.ts';
import { datesIn } from './dates.ts';
import { officeHoldersIn } from './office-holders.ts';
import { presentWordsIn } from './present-words.ts';
import { pricesIn } from './prices.ts';
import { versionsIn } from './versions.ts';

/** All that a text says of now, in order. What is two things (a version that could be a date) is told once. */
export function changingFactsIn(text: string, now: Date): ChangingFact[] {
  const all = [
    ...pricesIn(text),
    ...versionsIn(text),
    ...datesIn(text, now),
    ...officeHoldersIn(text),
    ...presentWordsIn(text),
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
