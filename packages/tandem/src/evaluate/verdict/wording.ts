import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import { groupsNeeded } from '../../statistics/index.ts';
import type { ArmInfo } from '../arm.ts';
import type { Slice } from '../comparison-result.ts';
import { capitalise, formatDifference, formatInterval, formatValue } from '../format.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import type { VerdictTable } from './verdict-table.ts';

/** `hybrid 61 %, rag 47 %`; without names `61 %`. */
export function describeValues(
  table: VerdictTable,
  slice: Slice,
  arms: readonly ArmInfo[],
  named = true,
  metric = table.primary,
): string {
  return arms
    .map((arm) => {
      const value = table.value(slice, arm, metric);
      const text = value ? formatValue(value.value, metric.unit) : 'no value';
      return named ? `${arm.label} ${text}` : text;
    })
    .join(', ');
}

/** Rows of the table that go on the one above them ("… where there is an answer") are named by themselves where they stand in a sentence. */
export function nameInText({ name }: Pick<MetricInfo, 'name'>): string {
  const [, rest] = /^… (.*)$/.exec(name) ?? [];
  if (rest === undefined) return name;
  return /^(?:where|by)/.test(rest) ? `Right ${rest}` : capitalise(rest);
}

/** `14 points (95 % interval 8 to 20)` by which `a` is better than `b`. */
export function differenceOf(table: VerdictTable, slice: Slice, a: ArmInfo, b: ArmInfo): string {
  const advantage = table.advantage(slice, a, b)!;
  const { unit } = table.primary;
  return `${formatDifference(advantage.by, unit)} (95 % interval ${formatInterval(advantage, unit)})`;
}

/** `40 cases about 20 groups show only differences of about 12 points or more`. */
export function smallestDetectable(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const needed = arms.slice(1).map((arm) => table.advantage(slice, arms[0]!, arm)?.minimalDetectable ?? 0);
  return `${counted(slice.cases, 'case')} about ${counted(slice.groups, 'group')} show only differences of about ${formatDifference(Math.max(0, ...needed), table.primary.unit)} or more`;
}

/**
 * `About 530 independent groups would show one of 10 points, …`: a difference worth having, and one as large as was seen where that is more, for the
 * pair of these arms that needs most.
 */
export function enoughGroups(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const { worthHaving } = table.result;
  const needed = groupsToDecide(table, slice, arms);
  if (needed <= slice.groups) return '';
  const { unit } = table.primary;
  const seen = Math.max(
    0,
    ...arms.slice(1).map((arm) => Math.abs(table.advantage(slice, arms[0]!, arm)?.by ?? 0)),
  );
  const enough = `About ${roundedUp(needed)} independent groups would show one of ${formatDifference(worthHaving, unit)}, which is worth having`;
  const asSeen =
    seen > worthHaving
      ? `, and about ${roundedUp(groupsToDecide(table, slice, arms, seen))} one of ${formatDifference(seen, unit)} as seen here`
      : '';
  return `${enough}${asSeen}, four times in five.`;
}

/** Of the first of these arms against each other one; `groupsNeeded` says how it is computed. */
export function groupsToDecide(
  table: VerdictTable,
  slice: Slice,
  arms: readonly ArmInfo[],
  difference = table.result.worthHaving,
): number {
  const { level } = table.result.options;
  const comparisons = slice.pairs.filter(({ family }) => family === 'primary').length;
  const needed = arms.slice(1).map((arm) => {
    const { discordance } = table.advantage(slice, arms[0]!, arm) ?? {};
    return discordance === undefined ? 0 : groupsNeeded(discordance, difference, { level, comparisons });
  });
  return Math.max(0, ...needed);
}

/** Two figures are as many as such an estimate has. */
function roundedUp(count: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return (Math.ceil(count / unit) * unit).toLocaleString('en');
}

/** `base, rag and hybrid`. */
export function labels(arms: readonly ArmInfo[]): string {
  return listed(arms.map((arm) => arm.label));
}
