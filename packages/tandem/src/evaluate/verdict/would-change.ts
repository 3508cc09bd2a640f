import type { Constraints } from '../../core/settings.ts';
import type { ConstraintEvidence, Slice } from '../comparison-result.ts';
import { type Chosen, chooseArm } from './choose-arm.ts';
import { checkConstraints } from './constraints.ts';
import { breakEvens, monthlyCosts } from './monthly-cost.ts';
import { openArms } from './undecided.ts';
import { VerdictTable } from './verdict-table.ts';
import { enoughGroups, labels } from './wording.ts';

/** What would turn the choice, one line each: a constraint less, a constraint more, another volume, more cases. */
export function whatWouldChange(
  table: VerdictTable,
  overall: Slice,
  { chosen, evidence }: { chosen: Chosen; evidence: readonly ConstraintEvidence[] },
): string[] {
  return [
    ...constraintsLess(table, overall, chosen, evidence),
    ...constraintsMore(table, chosen),
    ...otherVolumes(table, chosen),
    ...moreCases(table, overall, chosen),
  ];
}

function constraintsLess(
  table: VerdictTable,
  overall: Slice,
  { choice }: Chosen,
  evidence: readonly ConstraintEvidence[],
): string[] {
  const broken = [
    ...new Set(evidence.filter(({ holds }) => holds === false).map(({ constraint }) => constraint)),
  ];
  return broken.flatMap((constraint) => {
    // A table of its own: what it claims is not what the verdict rests on.
    const other = chooseArm(
      new VerdictTable(table.result),
      overall,
      evidence.filter((each) => each.constraint !== constraint),
    );
    if (other.choice?.name === choice?.name) return [];
    return other.choice
      ? [`Without ${constraint} the choice would be ${other.choice.label}.`]
      : [`Without ${constraint} these cases could not decide between ${labels(other.standing.leaders)}.`];
  });
}

/** What is not asked for now, and would rule the choice out. */
const furtherConstraints: Constraints = {
  mustCite: true,
  changesPerMonth: 1,
  strictSchema: true,
  dataMustStay: true,
};

function constraintsMore({ result }: VerdictTable, { choice }: Chosen): string[] {
  if (!choice) return [];
  const asked = Object.keys(result.constraints ?? {});
  const further = Object.fromEntries(
    Object.entries(furtherConstraints).filter(([name]) => !asked.includes(name)),
  );
  return checkConstraints(result, further)
    .filter(({ arm, holds }) => arm === choice.name && holds === false)
    .map(({ constraint, sentence }) => `With ${constraint} it would be another: ${sentence}`);
}

function otherVolumes({ result }: VerdictTable, { choice }: Chosen): string[] {
  const labelOf = (name: string) => result.arms.find((arm) => arm.name === name)!.label;
  return breakEvens(monthlyCosts(result))
    .filter(({ below, above }) => choice && [below, above].includes(choice.name))
    .map(
      ({ below, above, questionsPerMonth }) =>
        `Below ${Math.round(questionsPerMonth).toLocaleString('en')} questions a month ${labelOf(below)} costs less than ${labelOf(above)}, above it more (${result.constraints!.questionsPerMonth!.toLocaleString('en')} stated).`,
    );
}

function moreCases(table: VerdictTable, overall: Slice, { standing }: Chosen): string[] {
  if (standing.leaders.length === 0) return [];
  if (standing.outcome === 'no difference')
    return [
      `A difference between ${labels(standing.leaders)} that is worth having: none was found, so the simpler was taken.`,
    ];
  if (standing.outcome !== 'undecided') return [];
  return [enoughGroups(table, overall, openArms(table, overall, standing))].filter(Boolean);
}
