import type { UndecidedComparison, Verdict } from '../comparison-result.ts';
import { repeatsReason } from '../repeats.ts';
import { studyReasons } from '../studies/describe-studies.ts';
import { chooseArm } from '../verdict/choose-arm.ts';
import { checkConstraints } from '../verdict/constraints.ts';
import { headReason } from '../verdict/head.ts';
import { sentenceForKind, writeHeadline, yardstickSentence } from '../verdict/headline.ts';
import { breakEvens, monthlyCosts } from '../verdict/monthly-cost.ts';
import {
  constraintsReason,
  costsReason,
  limitsReason,
  otherMeasuresReason,
  primaryReason,
  yardsticksReason,
} from '../verdict/reasons.ts';
import { openArms } from '../verdict/undecided.ts';
import { rankArms, VerdictTable } from '../verdict/verdict-table.ts';
import { groupsToDecide } from '../verdict/wording.ts';
import { whatWouldChange } from '../verdict/would-change.ts';

/**
 * Turns the numbers into a choice, whichever arm they favour. An arm is called better than another only when the paired
 * test on the primary metric says so after Holm *and* the interval of their difference excludes zero on that side. One arm
 * that is better than every other is the choice. Where several lead, the cheapest of them is the choice if a difference
 * worth having is ruled out or would have been found; else the cases are too few, there is no choice, and it is said how many would do. Reference
 * rows are compared against and never chosen; nor is an arm that breaks a constraint, or that answers without regard to the question, and declining more often makes none better.
 */
export function decideVerdict(result: UndecidedComparison): Verdict {
  const table = new VerdictTable(result);
  const all = result.arms.filter((arm) => !arm.reference);
  const overall = result.slices.find((slice) => slice.kind === null)!;
  const evidence = checkConstraints(result);
  const chosen = chooseArm(table, overall, evidence);
  const { standing, choice, arms, out } = chosen;
  const kinds = result.slices
    .filter((slice) => slice.kind !== null)
    .map((slice) => ({ slice, standing: rankArms(table, slice, arms) }));
  const headline = writeHeadline(table, overall, { arms, out, standing, choice, kinds, evidence });
  const wouldChange = whatWouldChange(table, overall, { chosen, evidence });
  const costs = monthlyCosts(result);

  const reasons = [
    constraintsReason(evidence),
    { title: table.primary.name, text: primaryReason(table, overall, all) },
    {
      title: 'Other measures',
      text: otherMeasuresReason(table, overall, choice ?? standing.leaders[0], all),
    },
    { title: 'Yardsticks', text: yardsticksReason(table, overall, choice ?? standing.leaders[0]) },
    { title: 'Head', text: headReason(table, overall, all) },
    costsReason(table, overall, all, costs),
    ...studyReasons(result),
    repeatsReason(result, table.primary),
    { title: 'Limits', text: limitsReason(table, overall, all) },
    {
      title: 'What would change it',
      text: wouldChange.length > 0 ? 'Any of these would, or might.' : '',
      lines: wouldChange,
    },
  ].filter((reason) => reason.text !== '');

  return {
    firstLine: `Measured on ${subjectName(result)}. What follows holds for ${result.arms.some(({ model }) => model !== undefined) ? 'these models' : 'this model'}; a larger one may reverse it.`,
    outcome: standing.outcome,
    ...(choice && { choice: choice.name }),
    leaders: standing.leaders.map((arm) => arm.name),
    headline,
    reasons,
    evidence,
    wouldChange,
    ...(costs.length > 0 && { costs, breakEvens: breakEvens(costs) }),
    kinds: kinds.map(({ slice, standing: own }) => ({
      kind: slice.kind!,
      outcome: own.outcome,
      leaders: own.leaders.map((arm) => arm.name),
      text: `${sentenceForKind(table, slice, own, arms)}${yardstickSentence(table, slice)}`,
    })),
    habits: all.flatMap(({ name }) =>
      (table.habits.get(name) ?? []).map((habit) => ({ arm: name, ...habit })),
    ),
    ...(standing.outcome === 'undecided' &&
      arms.length > 0 && {
        groupsNeeded: groupsToDecide(table, overall, openArms(table, overall, standing)),
      }),
    claims: table.claims,
  };
}

function subjectName({ subject, arms }: UndecidedComparison): string {
  const model = subject.parameters ? `${subject.model} (${subject.parameters} parameters)` : subject.model;
  const others = arms.flatMap((arm) => (arm.model === undefined ? [] : [`${arm.label} on ${arm.model}`]));
  return [model, ...others].join(', ');
}
