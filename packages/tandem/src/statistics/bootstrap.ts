import { normalCdf, normalQuantile, studentQuantile } from './distributions.ts';
import { createRandom } from './random.ts';

/** Values with the cluster each belongs to; both arrays have one entry per case. */
export interface ClusteredSample {
  values: readonly number[];
  groups: readonly string[];
  /** Of means only. */
  strata?: Strata | undefined;
}

/** Kinds of cases whose means are joined by shares that are stated, and not by how many cases there are of each. */
export interface Strata {
  /** The stratum of each case. */
  of: readonly number[];
  /** What the mean of each stratum counts for; together 1. */
  shares: readonly number[];
}

export type Statistic = 'mean' | 'median' | 'p95';

export interface BootstrapOptions {
  /** Default 'mean'. */
  statistic?: Statistic;
  /** Default 'bca' for the mean; medians and percentiles always take 'percentile', as the jackknife fails for them. */
  method?: 'bca' | 'percentile';
  /** Default 0.95. */
  level?: number;
  /** Default 4,000. */
  resamples?: number;
  /** Default 1. */
  seed?: number;
  /** The least and greatest value one case can have: used only where all groups agree. */
  bounds?: readonly [number, number];
  /**
   * Widen the quantiles for few groups as Student's t would (Hesterberg 2015, "expanded percentile"); fades as groups
   * grow. Default true.
   */
  smallSample?: boolean;
}

export interface Interval {
  value: number;
  low: number;
  high: number;
  standardError: number;
  cases: number;
  groups: number;
  /**
   * `agreement`: all groups agree, so resampling sees no spread at all and the interval comes from how many groups agreed.
   * `share`: not resampled, see `shareInterval`.
   * `none`: one group, or no bounds to say anything from; `low` and `high` are the value itself.
   */
  method: 'bca' | 'percentile' | 'agreement' | 'share' | 'none';
}

/**
 * The statistic of a sample and its interval from resampling whole groups with replacement, because cases of one group
 * are not independent. BCa after Efron 1987. undefined for an empty sample.
 */
export function bootstrapInterval(
  sample: ClusteredSample,
  options: BootstrapOptions = {},
): Interval | undefined {
  if (sample.values.length === 0) return undefined;
  const statistic = options.statistic ?? 'mean';
  const grouped = byGroup(sample.groups);
  const evaluate =
    statistic === 'mean'
      ? meanOver(grouped, sample.values, sample.strata)
      : (chosen: ArrayLike<number>) => summarise(gather(grouped, chosen, sample.values), statistic);
  return resample(grouped.length, sample.values.length, evaluate, options);
}

/**
 * `statistic(a) − statistic(b)` where entry i of both belongs to the same case, with the interval from drawing the same
 * groups for both. For means this is the mean of the differences. undefined for empty samples.
 */
export function bootstrapDifference(
  pair: {
    a: readonly number[];
    b: readonly number[];
    groups: readonly string[];
    strata?: Strata | undefined;
  },
  options: BootstrapOptions = {},
): Interval | undefined {
  const { a, b, groups, strata } = pair;
  if (a.length === 0) return undefined;
  const statistic = options.statistic ?? 'mean';
  const bounds = options.bounds;
  const range = bounds && ([bounds[0] - bounds[1], bounds[1] - bounds[0]] as const);
  const widened = { ...options, ...(range && { bounds: range }) };
  if (statistic === 'mean') {
    return bootstrapInterval({ values: a.map((value, i) => value - b[i]!), groups, strata }, widened);
  }
  const grouped = byGroup(groups);
  const evaluate = (chosen: ArrayLike<number>) =>
    summarise(gather(grouped, chosen, a), statistic) - summarise(gather(grouped, chosen, b), statistic);
  return resample(grouped.length, a.length, evaluate, widened);
}

/**
 * What is told of cases together and of none alone, such as a calibration error or an F1: each case adds to sums, and the statistic is made of these, so that a
 * resample costs a few additions per group.
 */
export interface SummedSample {
  /** Of each case what it adds, and to which of the sums. */
  addends: readonly (readonly { to: number; by: number }[])[];
  groups: readonly string[];
  /** How many sums there are. */
  sums: number;
  statistic(sums: Float64Array): number;
}

/**
 * The same for such a statistic: groups are resampled, BCa as for the mean. Where the statistic is at its bound in truth, as the calibration error of true
 * probabilities is, no resampling finds that: it is then too high, and so is its interval. undefined for an empty sample.
 */
export function bootstrapOfSums(
  { addends, groups, sums, statistic }: SummedSample,
  options: Omit<BootstrapOptions, 'statistic' | 'method'> = {},
): Interval | undefined {
  if (addends.length === 0) return undefined;
  const grouped = byGroup(groups).map((members) => {
    const added = new Map<number, number>();
    for (const at of members) for (const { to, by } of addends[at]!) added.set(to, (added.get(to) ?? 0) + by);
    return added;
  });
  // What group g adds stands from starts[g] to starts[g + 1].
  const starts = new Int32Array(grouped.length + 1);
  grouped.forEach(({ size }, g) => {
    starts[g + 1] = starts[g]! + size;
  });
  const places = Int32Array.from(grouped.flatMap((added) => [...added.keys()]));
  const amounts = Float64Array.from(grouped.flatMap((added) => [...added.values()]));
  const total = new Float64Array(sums);
  const evaluate = (chosen: ArrayLike<number>) => {
    total.fill(0);
    for (let i = 0; i < chosen.length; i++) {
      const end = starts[chosen[i]! + 1]!;
      for (let at = starts[chosen[i]!]!; at < end; at++) total[places[at]!]! += amounts[at]!;
    }
    return statistic(total);
  };
  const interval = resample(grouped.length, addends.length, evaluate, options);
  // Of such a one every draw may lie on one side of what was measured.
  return {
    ...interval,
    low: Math.min(interval.low, interval.value),
    high: Math.max(interval.high, interval.value),
  };
}

/** Mean, median or 95th percentile (linear interpolation between order statistics) of at least one value. */
export function summarise(values: readonly number[], statistic: Statistic): number {
  if (statistic === 'mean') return values.reduce((sum, value) => sum + value, 0) / values.length;
  const sorted = Float64Array.from(values).sort();
  const position = (statistic === 'median' ? 0.5 : 0.95) * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

function resample(
  groups: number,
  cases: number,
  evaluate: (chosen: ArrayLike<number>) => number,
  options: BootstrapOptions,
): Interval {
  const level = options.level ?? 0.95;
  const resamples = options.resamples ?? 4000;
  const every = Int32Array.from({ length: groups }, (_, i) => i);
  const value = evaluate(every);
  const known = { value, cases, groups };

  const leaveOneOut = groups > 1 ? leavingOneOut(groups, evaluate) : [];
  const tolerance = 1e-12 * Math.max(1, Math.abs(value));
  const meanStatistic = (options.statistic ?? 'mean') === 'mean';
  if (groups === 1 || (meanStatistic && leaveOneOut.every((v) => Math.abs(v - value) <= tolerance))) {
    return { ...known, ...agreement(value, groups, level, options.bounds) };
  }

  const picks = drawGroups(groups, resamples, options.seed ?? 1);
  const draws = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) draws[r] = evaluate(picks.subarray(r * groups, (r + 1) * groups));
  draws.sort();
  const standardError = deviation(draws);

  const tail = (1 - level) / 2;
  const z =
    (options.smallSample ?? true)
      ? Math.sqrt(groups / (groups - 1)) * studentQuantile(tail, groups - 1)
      : normalQuantile(tail);
  const method = meanStatistic ? (options.method ?? 'bca') : 'percentile';
  const place = method === 'bca' ? biasCorrected(draws, value, leaveOneOut) : normalCdf;
  return {
    ...known,
    low: quantile(draws, place(z)),
    high: quantile(draws, place(-z)),
    standardError,
    method,
  };
}

/** The statistic without the first group, without the second, and so on. */
function leavingOneOut(groups: number, evaluate: (chosen: ArrayLike<number>) => number): number[] {
  const others = Int32Array.from({ length: groups - 1 }, (_, i) => i + 1);
  return Array.from({ length: groups }, (_, left) => {
    // From all but the one before to all but this one.
    if (left > 0) others[left - 1] = left - 1;
    return evaluate(others);
  });
}

/**
 * Which groups each resample holds, one row after another. A table of metrics asks for the same numbers hundreds of times,
 * and drawing them costs more than summing: the last few are kept.
 */
function drawGroups(groups: number, resamples: number, seed: number): Int32Array {
  const key = `${groups} ${resamples} ${seed}`;
  const known = recentDraws.get(key);
  if (known) return known;
  const random = createRandom(seed);
  const picks = Int32Array.from({ length: groups * resamples }, () => random.integer(groups));
  if (picks.length <= 4_000_000) {
    recentDraws.set(key, picks);
    const oldest = recentDraws.keys().next();
    if (recentDraws.size > 8 && !oldest.done) recentDraws.delete(oldest.value);
  }
  return picks;
}

const recentDraws = new Map<string, Int32Array>();

/**
 * All G groups gave the same value. If a share q of the population's groups differed, G agreeing ones would come with
 * probability (1 − q)^G; the greatest q not ruled out, with those groups as far off as the bounds allow, gives the ends.
 * For a share of 0 or 1 with each case its own group this is the Clopper–Pearson interval.
 */
function agreement(
  value: number,
  groups: number,
  level: number,
  bounds: readonly [number, number] | undefined,
): Pick<Interval, 'low' | 'high' | 'standardError' | 'method'> {
  if (!bounds) return { low: value, high: value, standardError: 0, method: 'none' };
  const differing = 1 - ((1 - level) / 2) ** (1 / groups);
  return {
    low: value - differing * (value - bounds[0]),
    high: value + differing * (bounds[1] - value),
    standardError: 0,
    method: 'agreement',
  };
}

function biasCorrected(
  sortedDraws: Float64Array,
  value: number,
  leaveOneOut: readonly number[],
): (z: number) => number {
  let below = 0;
  let equal = 0;
  for (const draw of sortedDraws) {
    if (draw < value - 1e-12) below++;
    else if (draw <= value + 1e-12) equal++;
  }
  // Half of the ties count as below: with yes-or-no values many draws equal the estimate.
  const share = (below + equal / 2) / sortedDraws.length;
  const edge = 0.5 / sortedDraws.length;
  const bias = normalQuantile(Math.min(1 - edge, Math.max(edge, share)));
  const centre = leaveOneOut.reduce((sum, v) => sum + v, 0) / leaveOneOut.length;
  let squares = 0;
  let cubes = 0;
  for (const v of leaveOneOut) {
    squares += (centre - v) ** 2;
    cubes += (centre - v) ** 3;
  }
  const acceleration = squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
  return (z) => {
    const shifted = bias + z;
    const denominator = 1 - acceleration * shifted;
    // Past the pole the transform turns over; the most extreme draw is then the honest end.
    if (denominator <= 0) return z < 0 ? 0 : 1;
    return normalCdf(bias + shifted / denominator);
  };
}

function quantile(sorted: Float64Array, share: number): number {
  const position = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

function deviation(draws: Float64Array): number {
  const mean = draws.reduce((sum, v) => sum + v, 0) / draws.length;
  return Math.sqrt(draws.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (draws.length - 1));
}

/** Case indices of each group, groups in order of first appearance. */
function byGroup(groups: readonly string[]): number[][] {
  const found = new Map<string, number[]>();
  groups.forEach((group, i) => {
    const members = found.get(group);
    if (members) members.push(i);
    else found.set(group, [i]);
  });
  return [...found.values()];
}

/**
 * The mean over chosen groups from their sums and sizes, so that a resample costs one addition per group. With strata, the means of each joined by their
 * shares; of a resample that has no case of one, the others' (post-stratification).
 */
function meanOver(
  grouped: readonly number[][],
  values: readonly number[],
  strata: Strata | undefined,
): (chosen: ArrayLike<number>) => number {
  const shares = strata?.shares ?? [1];
  const parts = shares.map((share, stratum) => {
    const own = grouped.map((members) =>
      strata ? members.filter((i) => strata.of[i] === stratum) : members,
    );
    return {
      share,
      sums: Float64Array.from(own, (members) => members.reduce((sum, i) => sum + values[i]!, 0)),
      sizes: Float64Array.from(own, (members) => members.length),
    };
  });
  return (chosen) => {
    let joined = 0;
    let known = 0;
    for (const { share, sums, sizes } of parts) {
      let sum = 0;
      let size = 0;
      for (let i = 0; i < chosen.length; i++) {
        sum += sums[chosen[i]!]!;
        size += sizes[chosen[i]!]!;
      }
      if (size === 0) continue;
      joined += (share * sum) / size;
      known += share;
    }
    return joined / known;
  };
}

function gather(
  grouped: readonly number[][],
  chosen: ArrayLike<number>,
  values: readonly number[],
): number[] {
  const result: number[] = [];
  for (let i = 0; i < chosen.length; i++)
    for (const index of grouped[chosen[i]!]!) result.push(values[index]!);
  return result;
}
