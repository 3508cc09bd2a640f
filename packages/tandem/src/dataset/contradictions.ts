import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Case } from '../core/types/example.ts';
import { negations } from '../text/negations.ts';
import { giveOtherValues } from '../text/other-values.ts';
import { foldedWords } from '../text/words.ts';
import type { PlacedLine } from './jsonl.ts';
import { textOfExpected } from './text-of-expected.ts';

type Asked = Pick<Case, 'question'> & {
  expected?: Case['expected'] | undefined;
  accepted?: string[] | undefined;
};

/** At most so many are told at once. */
const mostTold = 5;

/**
 * Refuses lines that ask the same question and expect answers that cannot both be right: whichever is true, an arm would be called wrong for it.
 * Questions are equal but for case, punctuation and white space. An answer that only says more than another ("60 euros", "The deposit is 60
 * euros.") does not contradict it, unless what it says more is a negation. Of several accepted answers one is enough.
 * @throws InvalidInputError naming the lines
 */
export function refuseContradictions(lines: readonly PlacedLine<Asked>[]): void {
  const asked = Map.groupBy(
    lines.filter(({ value }) => value.expected !== undefined),
    ({ value }) => foldedWords(value.question).join(' ') || value.question.trim(),
  );
  const found = [...asked.values()].flatMap((same) => {
    const answers = same.map(({ value }) => answersOf(value));
    for (const [at, own] of answers.entries()) {
      const before = answers
        .slice(0, at)
        .findIndex((earlier) => earlier.every((a) => own.every((b) => sayOtherwise(a, b))));
      if (before >= 0) return [{ first: same[before]!, other: same[at]! }];
    }
    return [];
  });
  if (found.length === 0) return;
  const told = found
    .slice(0, mostTold)
    .map(
      ({ first, other }) =>
        `${first.where} and ${other.where} ask "${first.value.question}" and expect ${quoted(first)} and ${quoted(other)}`,
    )
    .join('; ');
  const more = found.length - mostTold;
  throw new InvalidInputError({
    domain: 'dataset',
    where: found[0]!.other.where,
    message: `One question has contradicting answers: ${told}${more > 0 ? `; and ${more} more such questions` : ''}.`,
    hint: 'Keep the line that is right, or ask what tells them apart; where both are right, write them as one answer.',
  });
}

function quoted({ value: { expected } }: PlacedLine<Asked>): string {
  const text = typeof expected === 'string' ? expected : JSON.stringify(expected);
  return `"${text.length > 80 ? `${text.slice(0, 79)}…` : text}"`;
}

/** All that is right. Markers of citations say where an answer stands and not what it is. */
function answersOf({ expected, accepted = [] }: Asked): string[] {
  return [textOfExpected(expected!), ...accepted].map(withoutMarkersOf);
}

const withoutMarkersOf = (text: string) => text.replace(/\[\d+\]/g, ' ');

/** Whether two answers to one question cannot both be right, by their words: neither says only more than the other. */
export function areContradictory(a: Case['expected'], b: Case['expected']): boolean {
  return sayOtherwise(withoutMarkersOf(textOfExpected(a)), withoutMarkersOf(textOfExpected(b)));
}

function sayOtherwise(a: string, b: string): boolean {
  return contradicts(foldedWords(a), foldedWords(b)) || giveOtherValues(a, b);
}

function contradicts(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const at = ` ${long.join(' ')} `.indexOf(` ${short.join(' ')} `);
  if (short.length === 0 || at < 0) return true;
  const known = new Set(short);
  return long.some((word) => negations.has(word) && !known.has(word));
}
