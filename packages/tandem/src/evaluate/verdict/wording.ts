import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import type { ArmInfo } from '../arm.ts';
import type { Slice } from '../comparison-result.ts';
import { formatDifference, formatInterval, formatValue } from '../format.ts';
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

/** `base, rag and hybrid`. */
export function labels(arms: readonly ArmInfo[]): string {
  return listed(arms.map((arm) => arm.label));
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
