import type { Case } from '../core/types/example.ts';

/** All that an expected answer says: the text itself, or the values of its fields in the order of their names, each on a line. */
export function textOfExpected(expected: Case['expected']): string {
  return typeof expected === 'string' ? expected : valuesIn(expected).join('\n');
}

function valuesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.keys(value)
    .sort()
    .flatMap((key) => valuesIn((value as Record<string, unknown>)[key]));
}
