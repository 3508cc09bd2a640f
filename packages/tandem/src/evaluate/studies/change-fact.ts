import type { Case } from '../../core/types/example.ts';
import { createRandom, type Random } from '../../statistics/index.ts';
import { type Value, valuesIn } from '../../text/values.ts';

/** A value of a document that an expected answer gives, and another to write in its place. */
export interface ChangedFact {
  /** As it is written in the document. */
  from: string;
  /** As many characters, so that whatever stands behind it stays in its place. */
  to: string;
  /** The case with the changed value in what is expected of it. */
  testCase: Case;
}

/**
 * A number, date or version that a case's expected answer and the passage it rests on both give, and the question does not, made another one
 * of the same form: 30 becomes 74, 2.1.0 becomes 5.8.3, 2025 another year.
 * @param passage where the answer stands in the document
 * @returns undefined where there is none
 */
export function changeFact(testCase: Case, passage: string, seed: number): ChangedFact | undefined {
  const expected = textOf(testCase.expected);
  const asked = writtenValues(testCase.question);
  const held = writtenValues(passage);
  const random = createRandom(seed);
  for (const value of valuesIn(expected)) {
    const from = written(expected, value);
    if (value.kind === 'code' || !held.has(from) || asked.has(from)) continue;
    const to = otherValue(from, value.kind, random);
    if (to === undefined || held.has(to)) continue;
    const changed = changedIn(testCase.expected, from, to);
    return {
      from,
      to,
      testCase: {
        ...testCase,
        expected: changed,
        ...(testCase.accepted && {
          accepted: testCase.accepted.map((text) => replaceValue(text, from, to).text),
        }),
      },
    };
  }
  return undefined;
}

/** The text with a value, as a whole and not as part of another, written otherwise, and how often it stood there. */
export function replaceValue(text: string, from: string, to: string): { text: string; count: number } {
  const escaped = from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  let count = 0;
  const replaced = text.replace(
    new RegExp(`(?<![\\p{L}\\p{N}]|[\\p{N}][.,:/-])${escaped}(?![\\p{L}\\p{N}]|[.,:/-]\\p{N})`, 'gu'),
    () => {
      count++;
      return to;
    },
  );
  return { text: replaced, count };
}

const written = (text: string, { start, end }: Value) => text.slice(start, end);
const writtenValues = (text: string) => new Set(valuesIn(text).map((value) => written(text, value)));

function textOf(expected: Case['expected']): string {
  if (typeof expected === 'string') return expected;
  return textsIn(expected).join('\n');
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function changedIn<Value>(value: Value, from: string, to: string): Value {
  if (typeof value === 'string') return replaceValue(value, from, to).text as Value;
  if (typeof value === 'number') return (String(value) === from ? Number(to) : value) as Value;
  if (Array.isArray(value)) return value.map((each) => changedIn(each, from, to)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, changedIn(each, from, to)]),
  ) as Value;
}

/** As many digits, none of the leading ones a nought; a year stays a year, and a day a day. */
function otherValue(from: string, kind: Value['kind'], random: Random): string | undefined {
  const draw = (low: number, high: number) => low + random.integer(high - low + 1);
  // Another draw until it differs: of one digit there are nine others.
  for (let attempt = 0; attempt < 20; attempt++) {
    const to = from.replace(/\d+/g, (digits) => {
      if (/^(?:19|20)\d\d$/.test(digits)) return String(Number(digits) + draw(1, 9));
      // A day or a month.
      if (kind === 'date' && digits.length <= 2)
        return digits.length === 1 ? String(draw(1, 9)) : String(draw(1, 12)).padStart(2, '0');
      return digits.replace(/\d/g, (_, at: number) => String(draw(at === 0 && digits[0] !== '0' ? 1 : 0, 9)));
    });
    if (to !== from && to.length === from.length) return to;
  }
  return undefined;
}
