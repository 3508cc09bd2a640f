import type { ArmInfo } from '../arm.ts';
import type { Slice, UndecidedComparison, Verdict } from '../comparison-result.ts';
import { countAnswerable } from '../unanswerable-weight.ts';
import { headReason } from '../verdict/head.ts';
import { sentenceForKind, writeHeadline, yardstickSentence } from '../verdict/headline.ts';
import {
  costsReason,
  limitsReason,
  otherMeasuresReason,
  primaryReason,
  yardsticksReason,
} from '../verdict/reasons.ts';
import { openArms } from '../verdict/undecided.ts';
import { cheapest, rankArms, type Standing, VerdictTable } from '../verdict/verdict-table.ts';
import { groupsToDecide } from '../verdict/wording.ts';

/**
 * Turns the numbers into a choice, whichever arm they favour. An arm is called better than another only when the paired
 * test on the primary metric says so after Holm *and* the interval of their difference excludes zero on that side. One arm
 * that is better than every other is the choice. Where several lead, the cheapest of them is the choice if a difference
 * worth having is ruled out or would have been found; else the cases are too few, there is no choice, and it is said how many would do. Reference
 * rows are compared against and never chosen; nor is an arm that answers without regard to the question, and declining more often makes none better.
 */
export function decideVerdict(result: UndecidedComparison): Verdict {
  const table = new VerdictTable(result);
  const arms = result.arms.filter((arm) => !arm.reference);
  const overall = result.slices.find((slice) => slice.kind === null)!;
  const standing = rankOverall(table, overall, arms);
  const kinds = result.slices
    .filter((slice) => slice.kind !== null)
    .map((slice) => ({ slice, standing: rankArms(table, slice, arms) }));
  const choice =
    standing.outcome === 'better'
      ? standing.leaders[0]
      : standing.outcome === 'no difference'
        ? cheapest(table, overall, standing.leaders)
        : undefined;

  const reasons = [
    { title: table.primary.name, text: primaryReason(table, overall, arms) },
    {
      title: 'Other measures',
      text: otherMeasuresReason(table, overall, choice ?? standing.leaders[0], arms),
    },
    { title: 'Yardsticks', text: yardsticksReason(table, overall, choice ?? standing.leaders[0]) },
    { title: 'Head', text: headReason(table, overall, arms) },
    { title: 'Costs', text: costsReason(table, overall, arms) },
    { title: 'Limits', text: limitsReason(table, overall, arms) },
  ].filter((reason) => reason.text !== '');

  return {
    firstLine: `Measured on ${subjectName(result)}. What follows holds for this model; a larger one may reverse it.`,
    outcome: standing.outcome,
    ...(choice && { choice: choice.name }),
    leaders: standing.leaders.map((arm) => arm.name),
    headline: writeHeadline(table, overall, { arms, standing, choice, kinds }),
    reasons,
    kinds: kinds.map(({ slice, standing: own }) => ({
      kind: slice.kind!,
      outcome: own.outcome,
      leaders: own.leaders.map((arm) => arm.name),
      text: `${sentenceForKind(table, slice, own, arms)}${yardstickSentence(table, slice)}`,
    })),
    habits: arms.flatMap(({ name }) =>
      (table.habits.get(name) ?? []).map((habit) => ({ arm: name, ...habit })),
    ),
    ...(standing.outcome === 'undecided' && {
      groupsNeeded: groupsToDecide(table, overall, openArms(table, overall, standing)),
    }),
    claims: table.claims,
  };
}

/** Of questions that the sources do not answer alone nothing can be chosen by: whoever declines is right. */
function rankOverall(table: VerdictTable, overall: Slice, arms: readonly ArmInfo[]): Standing {
  const standing = rankArms(table, overall, arms);
  const { answerable } = countAnswerable(table.result.cases.map((record) => record.case));
  if (answerable > 0) return standing;
  return { outcome: 'undecided', leaders: [...standing.leaders, ...standing.beaten], beaten: [] };
}

function subjectName({ subject }: UndecidedComparison): string {
  return subject.parameters ? `${subject.model} (${subject.parameters} parameters)` : subject.model;
}
