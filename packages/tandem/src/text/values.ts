import { type NumberInText, numbersIn } from './numbers.ts';

/** A number, date, version or code that a text gives. */
export type Value = NumberInText;

/** The numbers, dates, versions and codes of a text, in order, each as itself and not as one of a family ("2.1" of 2.1.1). */
export function valuesIn(text: string): Value[] {
  return numbersIn(text).map((number) => ({
    ...number,
    terms: number.terms.filter((term) => !/^\d+(?:D\d+)*F$/.test(term)),
  }));
}

/**
 * Whether two are the same value, however they are written: 1,577 and 1577, 3 July 2025 and 2025-07-03. Where both say how much of what
 * ("1.2 billion", "5 kg", "12 %"), that must be the same too.
 */
export function isSameValue(a: Value, b: Value): boolean {
  const [first] = a.terms;
  if (a.kind === 'date' && b.kind === 'date')
    return b.terms.includes(first!) || a.terms.includes(b.terms[0]!);
  if (!a.terms.some((term) => b.terms.includes(term))) return false;
  const [measuredA, measuredB] = [measuresOf(a), measuresOf(b)];
  if (measuredA.length === 0 || measuredB.length === 0) return true;
  return measuredA.some((term) => measuredB.includes(term));
}

/** Those of the values that are none of the others. */
export function valuesLacking(values: readonly Value[], others: readonly Value[]): Value[] {
  return values.filter((value) => !others.some((other) => isSameValue(other, value)));
}

/** The terms of an amount with its power of ten, percent or unit. */
function measuresOf({ kind, terms }: Value): string[] {
  if (kind !== 'number') return [];
  const isPower = (term: string) => /^[1-9]\d*000$/.test(term);
  return terms.slice(1).filter((term) => /^\d+(?:D\d+)?[PU]/.test(term) || isPower(term));
}
