import {
  type BootstrapOptions,
  bootstrapDifference,
  bootstrapInterval,
  type ClusteredSample,
  type Interval,
} from './bootstrap.ts';
import { shareInterval } from './share-interval.ts';

/**
 * A sample's statistic with its interval by groups, since cases of one group are not independent: `shareInterval` for the mean of values that
 * are all yes or no within `bounds`, which resampling is bad at, and resampling for all else. undefined for an empty sample.
 */
export function intervalOf(sample: ClusteredSample, options: BootstrapOptions = {}): Interval | undefined {
  return asShare(sample, options) ?? bootstrapInterval(sample, options);
}

/** The same for `statistic(a) − statistic(b)`, where entry i of both belongs to the same case. */
export function intervalOfDifference(
  pair: { a: readonly number[]; b: readonly number[]; groups: readonly string[] },
  options: BootstrapOptions = {},
): Interval | undefined {
  const { a, b, groups } = pair;
  const { bounds } = options;
  const values = a.map((value, i) => value - b[i]!);
  const range = bounds && ([bounds[0] - bounds[1], bounds[1] - bounds[0]] as const);
  return (
    (range && asShare({ values, groups }, { ...options, bounds: range })) ??
    bootstrapDifference(pair, options)
  );
}

/** undefined where the values are no yes or no, or all groups agree: what is then not ruled out is not to be had from their spread. */
function asShare({ values, groups }: ClusteredSample, options: BootstrapOptions): Interval | undefined {
  const { bounds, statistic = 'mean', level = 0.95 } = options;
  if (statistic !== 'mean' || !bounds || !values.every((value) => Number.isInteger(value))) return undefined;
  const totals = new Map<string, { sum: number; size: number }>();
  groups.forEach((group, i) => {
    const known = totals.get(group) ?? { sum: 0, size: 0 };
    totals.set(group, { sum: known.sum + values[i]!, size: known.size + 1 });
  });
  const every = [...totals.values()];
  if (new Set(every.map(({ sum, size }) => sum / size)).size < 2) return undefined;
  const sums = every.map(({ sum }) => sum);
  return {
    value: sums.reduce((total, sum) => total + sum, 0) / values.length,
    ...shareInterval({ sums, sizes: every.map(({ size }) => size) }, bounds, level),
    cases: values.length,
    groups: every.length,
    method: 'share',
  };
}
