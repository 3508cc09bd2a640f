import { isSameValue, type Value, valuesIn } from './values.ts';

/** Whether each of two texts gives a number, date or version that the other does not: 2.1 and 2.1.1, 3 and 4 July. */
export function giveOtherValues(a: string, b: string): boolean {
  const [ofA, ofB] = [valuesIn(a), valuesIn(b)];
  const lacks = (values: readonly Value[], others: readonly Value[]) =>
    values.some((value) => !others.some((other) => isSameValue(value, other)));
  const differ = (isOf: (value: Value) => boolean) => {
    const [left, right] = [ofA.filter(isOf), ofB.filter(isOf)];
    return left.length > 0 && right.length > 0 && lacks(left, right) && lacks(right, left);
  };
  // The year of one date is not the same as another date in that year.
  return differ(({ kind }) => kind === 'date') || differ(({ kind }) => kind !== 'date');
}
