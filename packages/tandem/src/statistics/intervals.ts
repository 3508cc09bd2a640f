import {
  type BootstrapOptions,
  bootstrapDifference,
  bootstrapInterval,
  type ClusteredSample,
  type Interval,
} from './bootstrap.ts';
import type { PairedSample } from './paired-test.ts';
import { type GroupTotals, groupsUnlikeMost, shareInterval, sumOf } from './share-interval.ts';

/**
 * A sample's statistic with its interval by groups, since cases of one group are not independent: `shareInterval` for the mean of values that
 * are all yes or no within `bounds`, which resampling is bad at, and resampling for all else. undefined for an empty sample.
 */
export function intervalOf(sample: ClusteredSample, options: BootstrapOptions = {}): Interval | undefined {
  return asShare(sample, options) ?? bootstrapInterval(sample, options);
}

/** The same for `statistic(a) − statistic(b)`, where entry i of both belongs to the same case. */
export function intervalOfDifference(
  pair: PairedSample,
  options: BootstrapOptions = {},
): Interval | undefined {
  const { a, b, groups, strata } = pair;
  const { bounds } = options;
  const values = a.map((value, i) => value - b[i]!);
  const range = bounds && ([bounds[0] - bounds[1], bounds[1] - bounds[0]] as const);
  return (
    (range && asShare({ values, groups, strata }, { ...options, bounds: range })) ??
    bootstrapDifference(pair, options)
  );
}

/** undefined where the values are no yes or no, or all groups agree: what is then not ruled out is not to be had from their spread. */
function asShare(
  { values, groups, strata }: ClusteredSample,
  options: BootstrapOptions,
): Interval | undefined {
  const { bounds, statistic = 'mean', level = 0.95 } = options;
  if (statistic !== 'mean' || !bounds || !values.every((value) => Number.isInteger(value))) return undefined;
  const places = new Map<string, number>();
  for (const group of groups) if (!places.has(group)) places.set(group, places.size);
  const parts = (strata?.shares ?? [1]).map(
    (share): GroupTotals => ({
      share,
      sums: new Float64Array(places.size),
      sizes: new Float64Array(places.size),
    }),
  );
  groups.forEach((group, i) => {
    const { sums, sizes } = parts[strata?.of[i] ?? 0]!;
    const at = places.get(group)!;
    sums[at]! += values[i]!;
    sizes[at]! += 1;
  });
  if (parts.every((part) => groupsUnlikeMost(part) === 0)) return undefined;
  return {
    value: parts.reduce((joined, { share, sums, sizes }) => joined + (share * sumOf(sums)) / sumOf(sizes), 0),
    ...shareInterval(parts, bounds, level),
    cases: values.length,
    groups: places.size,
    method: 'share',
  };
}
