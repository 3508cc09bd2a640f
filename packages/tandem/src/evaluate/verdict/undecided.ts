import { shownBetter } from '../advantage.ts';
import type { ArmInfo } from '../arm.ts';
import type { Slice } from '../comparison-result.ts';
import { capitalise } from '../format.ts';
import { countAnswerable } from '../unanswerable-weight.ts';
import type { Standing, VerdictTable } from './verdict-table.ts';
import { describeValues, labels, smallestDetectable } from './wording.ts';

/** What cannot be decided, and why. */
export function undecidedSentence(table: VerdictTable, slice: Slice, standing: Standing): string {
  const { leaders, beaten } = standing;
  const { result, primary } = table;
  if (countAnswerable(result.cases.map((record) => record.case)).answerable === 0)
    return `Every one of these cases is a question that the sources do not answer, and an arm that always declines is right on all of them: add questions that have an answer. ${capitalise(describeValues(table, slice, [...leaders, ...beaten]))}.`;
  const [first, ...others] = leaders as [ArmInfo, ...ArmInfo[]];
  const behind = others.find((arm) => shownBetter(table.advantage(slice, first, arm)));
  if (behind) {
    const both = [first, behind];
    const answers = table.metric(primary.joined!.answerable!);
    return `${capitalise(first.label)} is ahead of ${behind.label} by declining alone, which makes no arm better: ${describeValues(table, slice, both)}; of the questions that have an answer ${describeValues(table, slice, both, true, answers)}.`;
  }
  const open = openArms(table, slice, standing);
  const start =
    others.length > 0
      ? `So few cases cannot decide between ${labels(open)}`
      : `So few cases cannot show that ${first.label} does better than ${labels(open.slice(1))}`;
  return `${start}: ${describeValues(table, slice, open)}; ${smallestDetectable(table, slice, open)}.`;
}

/** The arms between which nothing was shown: several that lead, or the one that leads and those that it was not shown to beat. */
export function openArms(table: VerdictTable, slice: Slice, { leaders, beaten }: Standing): ArmInfo[] {
  const [first, ...others] = leaders;
  if (!first || others.length > 0) return [...leaders];
  return [first, ...beaten.filter((arm) => !table.beats(slice, first, arm))];
}
