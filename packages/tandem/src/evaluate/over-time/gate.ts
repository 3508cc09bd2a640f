import { counted } from '../../core/counted.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Parts } from '../../parts/parts.ts';
import { armInUse } from '../deploy.ts';
import { formatDifference, formatInterval, formatP, formatValue } from '../format.ts';
import { lastAccepted } from './accept-comparison.ts';
import type { ArmChange, ComparisonDiff } from './diff-comparisons.ts';
import { type KeptComparison, readComparison } from './read-comparison.ts';

/** What a comparison is held against. */
export interface Gate {
  /** The arm in use: its regression counts. */
  arm: string;
  against: KeptComparison;
  /** Fewer groups than this in both comparisons show nothing, which is no pass. */
  leastGroups: number;
}

/** Whether a comparison may pass. */
export interface GateOutcome {
  passed: boolean;
  arm: string;
  /** The run that it was held against. */
  against: string;
  groups: number;
  leastGroups: number;
  /** One sentence: what was shown, or what was missing. */
  sentence: string;
  change?: ArmChange;
}

/**
 * What later comparisons are held against: a run that is named, or the one accepted last. To be asked before the first answer.
 * @throws InvalidInputError where none was accepted, or the run has not the arm in use
 */
export async function openGate(
  parts: Pick<Parts, 'catalog' | 'dataDirectory' | 'settings'>,
  options: { against?: string; leastGroups?: number } = {},
): Promise<Gate> {
  const runId = options.against ?? (await lastAccepted(parts))?.runId;
  if (runId === undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'accepted',
      message: 'No comparison has been accepted yet, so there is none to be held against.',
      hint: 'Make a comparison, look at it, and accept it.',
    });
  const against = await readComparison(runId, parts);
  const { arm } = await armInUse(parts);
  if (!against.result.arms.some(({ name, reference }) => name === arm && !reference))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'accepted',
      message: `The comparison ${runId} does not have ${arm}, the arm in use.`,
      hint: 'Accept a comparison that has it.',
    });
  return { arm, against, leastGroups: options.leastGroups ?? parts.settings.compare.leastGroups };
}

/**
 * A regression is shown where the arm in use is worse on the primary metric by the paired test after Holm and an interval wholly below 0. What
 * too few groups were asked for is not passed either: a comparison that could show nothing is no evidence that all is well.
 */
export function decideGate({ arm, against, leastGroups }: Gate, diff: ComparisonDiff): GateOutcome {
  const change = diff.arms.find((each) => each.arm === arm);
  const groups = change?.groups ?? 0;
  const known = { arm, against: against.run.id, groups, leastGroups };
  if (!change || groups < leastGroups)
    return {
      ...known,
      passed: false,
      sentence: `Not passed: only ${counted(groups, 'group')} of cases could be compared with ${against.run.id} for ${arm}, and ${leastGroups} are asked for (compare.leastGroups). ${diff.sentence}`,
      ...(change && { change }),
    };
  const passed = change.shown !== 'worse';
  const verdict = passed ? 'Passed: no regression shown' : 'Not passed: a regression was shown';
  return {
    ...known,
    passed,
    change,
    sentence: `${verdict}. ${describeChange(change, diff)}, against ${against.run.id}.`,
  };
}

/** `rag 61 % → 47 % on Right answers: worse by 14 points (95 % −20 to −8, p = 0.001 after Holm, 80 cases of 62 groups)`. */
export function describeChange(change: ArmChange, { metric }: Pick<ComparisonDiff, 'metric'>): string {
  const { arm, before, after, by, cases, groups, adjustedP } = change;
  const p = adjustedP === undefined ? '' : `, ${formatP(adjustedP)} after Holm`;
  const direction =
    change.shown === 'not shown'
      ? 'no difference shown'
      : `${change.shown} by ${formatDifference(by, metric.unit)}`;
  return `${arm} ${formatValue(before, metric.unit)} → ${formatValue(after, metric.unit)} on ${metric.name}: ${direction} (95 % ${formatInterval(change, metric.unit)}${p}, ${counted(cases, 'case')} of ${counted(groups, 'group')})`;
}
