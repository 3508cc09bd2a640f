import type { ArmInfo } from '../arm.ts';
import type { ConstraintEvidence, Slice } from '../comparison-result.ts';
import { countAnswerable } from '../unanswerable-weight.ts';
import { keepsConstraints } from './constraints.ts';
import { cheapest, rankArms, type Standing, type VerdictTable } from './verdict-table.ts';

/** What was chosen among which arms. */
export interface Chosen {
  standing: Standing;
  /** Absent where the cases cannot decide, or no arm is left. */
  choice: ArmInfo | undefined;
  /** Those that keep to every constraint. */
  arms: ArmInfo[];
  /** Those that break one. */
  out: ArmInfo[];
}

/** The choice among the arms that keep to the constraints: by quality where that was shown, else the simplest of those that lead. */
export function chooseArm(
  table: VerdictTable,
  overall: Slice,
  evidence: readonly ConstraintEvidence[],
): Chosen {
  const all = table.result.arms.filter(({ reference }) => !reference);
  const arms = all.filter((arm) => keepsConstraints(arm, evidence));
  const out = all.filter((arm) => !arms.includes(arm));
  const standing = standingOf(table, overall, arms, out.length > 0);
  const choice =
    standing.outcome === 'no difference'
      ? cheapest(table, overall, standing.leaders)
      : standing.outcome === 'undecided'
        ? undefined
        : standing.leaders[0];
  return { standing, choice, arms, out };
}

function standingOf(
  table: VerdictTable,
  overall: Slice,
  arms: readonly ArmInfo[],
  isNarrowed: boolean,
): Standing {
  const standing = rankArms(table, overall, arms);
  // Of questions that the sources do not answer alone nothing can be chosen by: whoever declines is right.
  const { answerable } = countAnswerable(table.result.cases.map((record) => record.case));
  if (answerable === 0)
    return { outcome: 'undecided', leaders: [...standing.leaders, ...standing.beaten], beaten: [] };
  const isLast = isNarrowed && arms.length === 1 && standing.leaders.length === 1;
  return isLast ? { ...standing, outcome: 'only one left' } : standing;
}
