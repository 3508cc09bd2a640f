import type { Strata } from './bootstrap.ts';
import { createRandom } from './random.ts';

/** Two values of each case, and the cluster that the case belongs to. */
export interface PairedSample {
  a: readonly number[];
  b: readonly number[];
  groups: readonly string[];
  strata?: Strata | undefined;
}

export interface PairedTest {
  /** Two-sided. */
  p: number;
  /** True when every assignment of signs was counted; false when it was estimated from random ones. */
  exact: boolean;
  groups: number;
  /** Groups in which the two arms differ at all: the test rests on these. */
  differing: number;
}

/**
 * Sign-flip permutation test of paired values by group. Were the arms alike, swapping them within a group would change
 * nothing, so the sum of differences is compared with all 2^G swappings of whole groups (Fisher 1935; by cluster as in
 * Gail et al. 1996). Exact by convolution where the differences are whole multiples of some 1/k, k ≤ 12, by enumeration up
 * to 16 differing groups, and else from `samples` random swappings with the observed one counted in (Phipson & Smyth 2010).
 */
export function pairedSignFlipTest(
  pair: PairedSample,
  options: { samples?: number; seed?: number } = {},
): PairedTest {
  const sums = sumByGroup(pair);
  const found = [...sums.values()].filter((difference) => Math.abs(difference) > 1e-12);
  // In units of the smallest: where one stratum alone differs, its weight is none.
  const unit = pair.strata ? Math.min(...found.map(Math.abs)) : 1;
  const differences = found.map((difference) => difference / unit);
  const known = { groups: sums.size, differing: differences.length };
  if (differences.length === 0) return { p: 1, exact: true, ...known };

  const whole = asIntegers(differences);
  if (whole) return { p: byConvolution(whole), exact: true, ...known };
  if (differences.length <= 16) return { p: byEnumeration(differences), exact: true, ...known };
  return { p: bySampling(differences, options.samples ?? 20_000, options.seed ?? 1), exact: false, ...known };
}

/**
 * The test of two arms: McNemar's exact test of yes-or-no values where each case is a group of its own, and the sign-flip test by group
 * everywhere else. Cases of one group are not independent, and McNemar's test would count each of them.
 *
 * @example
 * pairedTest({ a: [1, 1, 0], b: [0, 0, 0], groups: ['1', '2', '3'] }); // { test: 'McNemar', p: 0.5, … }
 */
export function pairedTest(
  pair: PairedSample,
  options: { samples?: number; seed?: number } = {},
): PairedTest & { test: 'McNemar' | 'sign flip' } {
  const { a, b, groups, strata } = pair;
  const isIndependent = new Set(groups).size === groups.length;
  const isYesOrNo = [...a, ...b].every((value) => value === 0 || value === 1);
  if (!isIndependent || !isYesOrNo || strata)
    return { test: 'sign flip', ...pairedSignFlipTest(pair, options) };
  const onlyA = a.filter((value, at) => value > b[at]!).length;
  const onlyB = a.filter((value, at) => value < b[at]!).length;
  return {
    test: 'McNemar',
    p: mcnemarExactTest(onlyA, onlyB),
    exact: true,
    groups: groups.length,
    differing: onlyA + onlyB,
  };
}

/**
 * How much two differ within groups: the mean over groups of the squared share that each has in the difference of the means. For yes-or-no values, each case
 * its own group, the share of cases on which only one of the two is right.
 */
export function pairedDiscordance(pair: PairedSample): number {
  const sums = [...sumByGroup(pair).values()];
  const cases = pair.groups.length;
  return sums.reduce((sum, each) => sum + ((each * sums.length) / cases) ** 2, 0) / sums.length;
}

/** Each group's part in the sum of differences; a case of a stratum weighs as much as its share says. */
function sumByGroup({ a, b, groups, strata }: PairedSample): Map<string, number> {
  const sizes = strata?.shares.map((_, stratum) => strata.of.filter((each) => each === stratum).length);
  const weights = strata?.shares.map((share, stratum) => (share * groups.length) / sizes![stratum]!);
  const sums = new Map<string, number>();
  groups.forEach((group, i) => {
    const weight = strata ? weights![strata.of[i]!]! : 1;
    sums.set(group, (sums.get(group) ?? 0) + weight * (a[i]! - b[i]!));
  });
  return sums;
}

/**
 * McNemar's exact test (McNemar 1947, binomial form) of paired yes-or-no values, each case on its own: `onlyA` cases where
 * only a was right, `onlyB` where only b was. Equals the sign-flip test when every case is its own group.
 */
export function mcnemarExactTest(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  // In logarithms, so that 0.5^n does not vanish for thousands of cases.
  let logTerm = n * Math.log(0.5);
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}

/** The differences times the smallest k ≤ 12 that makes all of them whole, where there is one and their sum stays small. */
function asIntegers(differences: readonly number[]): number[] | undefined {
  for (let k = 1; k <= 12; k++) {
    const scaled = differences.map((difference) => difference * k);
    if (scaled.some((v) => Math.abs(v - Math.round(v)) > 1e-9)) continue;
    const whole = scaled.map((v) => Math.round(v));
    return whole.reduce((sum, v) => sum + Math.abs(v), 0) <= 20_000 ? whole : undefined;
  }
  return undefined;
}

/** The whole distribution of the sum of ±dᵢ, one group after another, as probabilities. */
function byConvolution(differences: readonly number[]): number {
  const reach = differences.reduce((sum, d) => sum + Math.abs(d), 0);
  const observed = Math.abs(differences.reduce((sum, d) => sum + d, 0));
  let distribution = new Float64Array(2 * reach + 1);
  distribution[reach] = 1;
  for (const difference of differences) {
    const step = Math.abs(difference);
    const next = new Float64Array(2 * reach + 1);
    for (let i = 0; i < distribution.length; i++) {
      const half = distribution[i]! / 2;
      if (half === 0) continue;
      next[i + step]! += half;
      next[i - step]! += half;
    }
    distribution = next;
  }
  let p = 0;
  for (let i = 0; i < distribution.length; i++) if (Math.abs(i - reach) >= observed) p += distribution[i]!;
  return Math.min(1, p);
}

function byEnumeration(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, d) => sum + d, 0));
  const slack = 1e-9 * Math.max(1, observed);
  const total = 2 ** differences.length;
  let extreme = 0;
  for (let signs = 0; signs < total; signs++) {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += signs & (1 << i) ? differences[i]! : -differences[i]!;
    if (Math.abs(sum) >= observed - slack) extreme++;
  }
  return extreme / total;
}

function bySampling(differences: readonly number[], samples: number, seed: number): number {
  const observed = Math.abs(differences.reduce((sum, d) => sum + d, 0));
  const slack = 1e-9 * Math.max(1, observed);
  // The sums of every swapping of eight groups are looked up, so that a sample costs one addition for eight of them.
  const blocks: Float64Array[] = [];
  for (let at = 0; at < differences.length; at += 8) blocks.push(signedSums(differences.slice(at, at + 8)));
  const random = createRandom(seed);
  let extreme = 0;
  for (let s = 0; s < samples; s++) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < blocks.length; i++) {
      if (i % 4 === 0) bits = random.integer(2 ** 32);
      sum += blocks[i]![bits & 255]!;
      bits >>>= 8;
    }
    if (Math.abs(sum) >= observed - slack) extreme++;
  }
  return (extreme + 1) / (samples + 1);
}

/** Entry `bits`: the sum of up to eight differences, each with the sign that its bit says. */
function signedSums(differences: readonly number[]): Float64Array {
  return Float64Array.from({ length: 256 }, (_, bits) =>
    differences.reduce((sum, difference, i) => sum + (bits & (1 << i) ? difference : -difference), 0),
  );
}
