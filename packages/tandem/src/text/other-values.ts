import { negations } from './negations.ts';
import { termsOf } from './terms.ts';
import { type Value, valuesIn, valuesLacking } from './values.ts';

/** Whether each of two texts gives a number, date or version that the other does not: 2.1 and 2.1.1, 3 and 4 July. */
export function giveOtherValues(a: string, b: string): boolean {
  const [ofA, ofB] = [valuesIn(a), valuesIn(b)];
  const differ = (isOf: (value: Value) => boolean) => {
    const [left, right] = [ofA.filter(isOf), ofB.filter(isOf)];
    return valuesLacking(left, right).length > 0 && valuesLacking(right, left).length > 0;
  };
  // The year of one date is not the same as another date in that year.
  return differ(({ kind }) => kind === 'date') || differ(({ kind }) => kind !== 'date');
}

/** A text's terms but for its numbers and negations: what two texts have in common that say the same of one thing, or the opposite. */
export function termsButValues(text: string): Set<string> {
  return new Set(termsOf(text).filter((term) => !/\d/.test(term) && !negations.has(term)));
}
