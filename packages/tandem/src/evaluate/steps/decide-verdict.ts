import type { UndecidedComparison, Verdict } from '../comparison-result.ts';
import { headReason } from '../verdict/head.ts';
import { sentenceForKind, writeHeadline, yardstickSentence } from '../verdict/headline.ts';
import {
  costsReason,
  limitsReason,
  otherMeasuresReason,
  primaryReason,
  yardsticksReason,
} from '../verdict/reasons.ts';
import { cheapest, rankArms, VerdictTable } from '../verdict/verdict-table.ts';

/**
 * Turns the numbers into a choice, whichever arm they favour. An arm is called better than another only when the paired
 * test on the primary metric says so after Holm *and* the interval of their difference excludes zero on that side. One arm
 * that is better than every other is the choice. Where several lead, the cheapest of them is the choice if a difference
 * worth having is ruled out or would have been found; else the cases are too few, and there is no choice. Reference rows
 * are compared against and never chosen.
 */
export function decideVerdict(result: UndecidedComparison): Verdict {
  const table = new VerdictTable(result);
  const arms = result.arms.filter((arm) => !arm.reference);
  const overall = result.slices.find((slice) => slice.kind === null)!;
  const standing = rankArms(table, overall, arms);
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
    claims: table.claims,
  };
}

function subjectName({ subject }: UndecidedComparison): string {
  return subject.parameters ? `${subject.model} (${subject.parameters} parameters)` : subject.model;
}
