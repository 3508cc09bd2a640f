import { escapeRegExp } from '../../core/escape-reg-exp.ts';
import type { Case } from '../../core/types/example.ts';
import { textOfExpected } from '../../dataset/text-of-expected.ts';
import { createRandom, type Random } from '../../statistics/index.ts';
import { type Value, valuesIn } from '../../text/values.ts';

/** A value as it is written in a document, and what is written in its place: as many characters, so that what stands behind it stays there. */
export interface ChangedFact {
  from: string;
  to: string;
}

/**
 * A number, date or version that a case's expected answer and the passage it rests on both give, and the question does not, made another one
 * of the same form: 30 becomes 74, 2.1.0 becomes 5.8.3, 2025 another year. One digit alone is left as it is: too many other things are written so.
 * @param passage where the answer stands in the document
 * @param document the whole of it: what is written anew stands nowhere in it
 * @returns undefined where there is none
 */
export function changeFact(
  testCase: Case,
  { passage, document }: { passage: string; document: string },
  seed: number,
): ChangedFact | undefined {
  const expected = textOfExpected(testCase.expected);
  const asked = writtenValues(testCase.question);
  const held = writtenValues(passage);
  const random = createRandom(seed);
  for (const value of valuesIn(expected)) {
    const from = written(expected, value);
    if (value.kind === 'code' || from.replace(/\D/g, '').length < 2) continue;
    if (!held.has(from) || asked.has(from)) continue;
    const to = otherValue(from, value.kind, random, (other) => document.includes(other));
    if (to !== undefined) return { from, to };
  }
  return undefined;
}

/**
 * The text with values, each as a whole and not as part of another, written otherwise, all in one pass.
 * @param changes what is written in place of what
 * @returns with it what of them stood in the text
 */
export function replaceValues(
  text: string,
  changes: ReadonlyMap<string, string>,
): { text: string; found: Set<string> } {
  const found = new Set<string>();
  if (changes.size === 0) return { text, found };
  const values = [...changes.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const whole = new RegExp(
    `(?<![\\p{L}\\p{N}]|[\\p{N}][.,:/-])(?:${values.join('|')})(?![\\p{L}\\p{N}]|[.,:/-]\\p{N})`,
    'gu',
  );
  return {
    text: text.replace(whole, (value) => {
      found.add(value);
      return changes.get(value)!;
    }),
    found,
  };
}

/** The case with the changes in what is expected of it. */
export function expectChanged(testCase: Case, changes: ReadonlyMap<string, string>): Case {
  return {
    ...testCase,
    expected: changedIn(testCase.expected, changes),
    ...(testCase.accepted && {
      accepted: testCase.accepted.map((text) => replaceValues(text, changes).text),
    }),
  };
}

const written = (text: string, { start, end }: Value) => text.slice(start, end);
const writtenValues = (text: string) => new Set(valuesIn(text).map((value) => written(text, value)));

function changedIn<Given>(value: Given, changes: ReadonlyMap<string, string>): Given {
  if (typeof value === 'string') return replaceValues(value, changes).text as Given;
  if (typeof value === 'number') return Number(changes.get(String(value)) ?? value) as Given;
  if (Array.isArray(value)) return value.map((each) => changedIn(each, changes)) as Given;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, changedIn(each, changes)]),
  ) as Given;
}

/** As many digits, the first no nought unless it was one; a year stays a year, and a day or month one of the year. */
function otherValue(
  from: string,
  kind: Value['kind'],
  random: Random,
  isTaken: (value: string) => boolean,
): string | undefined {
  const draw = (low: number, high: number) => low + random.integer(high - low + 1);
  for (let attempt = 0; attempt < 50; attempt++) {
    const to = from.replace(/\d+/g, (digits) => {
      if (/^(?:19|20)\d\d$/.test(digits)) return String(Number(digits) + draw(1, 9));
      if (kind === 'date' && digits.length <= 2)
        return digits.length === 1 ? String(draw(1, 9)) : String(draw(1, 12)).padStart(2, '0');
      return digits.replace(/\d/g, (_, at: number) => String(draw(at === 0 && digits[0] !== '0' ? 1 : 0, 9)));
    });
    if (to !== from && to.length === from.length && !isTaken(to)) return to;
  }
  return undefined;
}
