import { hashJson } from '../../core/hash.ts';
import {
  type BootstrapOptions,
  bootstrapOfSums,
  type ClusteredSample,
  holmAdjust,
  type Interval,
  intervalOf,
  intervalOfDifference,
  minimalDetectableDifference,
  type PairedSample,
  pairedDiscordance,
  pairedTest,
} from '../../statistics/index.ts';
import type { ArmInfo } from '../arm.ts';
import type {
  ArmMetric,
  CaseRecord,
  PairComparison,
  Slice,
  UndecidedComparison,
} from '../comparison-result.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { sumsOf } from '../sums-of-cases.ts';
import { strataOf } from '../unanswerable-weight.ts';
import type { MeasuredCases } from './step-data.ts';

/**
 * Turns the values of single cases into numbers over all of them and over each kind, with intervals and tests; what is then missing of a
 * comparison's result is the verdict.
 */
export function summariseSlices(measured: MeasuredCases): UndecidedComparison {
  const { setup, startedAt, arms, cases, passages, failures } = measured;
  const { project, subject, metrics, primary, worthHaving, options, constraints, means, provenance } = setup;
  return {
    version: 1,
    id: hashJson({
      cases: cases.map((record) => record.case),
      arms: arms.map(({ name, fingerprint, reference }) => [name, fingerprint, reference]),
      metrics,
      primary: primary.metric,
      settings: options,
    }),
    startedAt,
    finishedAt: new Date().toISOString(),
    project,
    subject,
    arms,
    metrics,
    primary,
    worthHaving,
    options,
    ...(constraints && { constraints }),
    ...(means && { means }),
    kinds: kindsOf(cases),
    cases,
    passages,
    slices: summariseCases(cases, { arms, metrics, primary: primary.metric, ...options }),
    failures,
    provenance,
  };
}

/** What the numbers of a slice are made with. */
export interface SliceOptions {
  arms: readonly ArmInfo[];
  metrics: readonly MetricInfo[];
  primary: string;
  seed: number;
  resamples: number;
  level: number;
  unanswerableWeight: number;
}

/**
 * The numbers over all cases, then over each kind. Every arm's metrics get an interval by groups; every pair
 * of arms is compared on the cases where both have a value. p-values are adjusted by Holm in four families: the primary
 * metric over the arms that can be chosen; all other tested metrics over those arms; whatever involves a reference row; and
 * the primary metric over all kinds and pairs.
 */
export function summariseCases(cases: readonly CaseRecord[], options: SliceOptions): Slice[] {
  const kinds = kindsOf(cases);
  const slices = [
    summariseSlice(null, cases, options),
    // A single kind would only repeat the whole.
    ...(kinds.length > 1
      ? kinds.map((kind) =>
          summariseSlice(
            kind,
            cases.filter((record) => record.case.kind === kind),
            options,
          ),
        )
      : []),
  ];
  adjustPValues(slices, options);
  return slices;
}

/** The cases' kinds in order of first appearance. */
function kindsOf(cases: readonly CaseRecord[]): string[] {
  return [...new Set(cases.flatMap((record) => record.case.kind ?? []))];
}

function summariseSlice(kind: string | null, cases: readonly CaseRecord[], options: SliceOptions): Slice {
  const arms: ArmMetric[] = [];
  const pairs: PairComparison[] = [];
  for (const metric of options.metrics) {
    const settings = {
      resamples: options.resamples,
      level: options.level,
      seed: options.seed,
      ...((metric.unit === 'share' || metric.unit === 'score') && { bounds: [0, 1] as const }),
    };
    // Two values within bounds cannot differ by more than these do.
    const widest = settings.bounds ? settings.bounds[1] - settings.bounds[0] : Number.POSITIVE_INFINITY;
    const columns = new Map(options.arms.map((arm) => [arm.name, valuesOf(cases, arm.name, metric.id)]));
    const intervals = intervalsOf(metric, cases, { ...options, columns, settings });
    for (const arm of options.arms) {
      const interval = intervals.of(arm.name);
      if (interval) arms.push({ arm: arm.name, metric: metric.id, ...toEstimate(interval) });
    }
    options.arms.forEach((a, i) => {
      for (const b of options.arms.slice(i + 1)) {
        const interval = intervals.ofDifference(a.name, b.name);
        if (!interval) continue;
        const pair = withBothValues(columns.get(a.name)!, columns.get(b.name)!, cases, metric, options);
        const test = metric.summary === 'mean' ? pairedTest(pair, { seed: options.seed }) : undefined;
        pairs.push({
          a: a.name,
          b: b.name,
          metric: metric.id,
          ...toEstimate(interval),
          standardError: interval.standardError,
          ...(test && { p: test.p, exact: test.exact, test: test.test }),
          minimalDetectable:
            interval.standardError > 0
              ? minimalDetectableDifference(interval.standardError, { level: options.level })
              : // No spread was seen: what the agreeing groups cannot rule out.
                Math.min(widest, Math.max(interval.high - interval.value, interval.value - interval.low)),
          ...(test && { discordance: discordanceOf(pair, interval) }),
        });
      }
    });
  }
  return {
    kind,
    cases: cases.length,
    groups: new Set(cases.map((record) => record.group)).size,
    arms,
    pairs,
  };
}

type Column = readonly (number | undefined)[];

/** A metric of each arm, and its difference between two on the cases where both have a value; undefined where no case has. */
function intervalsOf(
  metric: MetricInfo,
  cases: readonly CaseRecord[],
  given: SliceOptions & { columns: ReadonlyMap<string, Column>; settings: BootstrapOptions },
): {
  of(arm: string): Interval | undefined;
  ofDifference(a: string, b: string): Interval | undefined;
} {
  const { columns, settings } = given;
  const { summary } = metric;
  if (summary === 'mean' || summary === 'median' || summary === 'p95') {
    const own = { ...settings, statistic: summary };
    return {
      of: (arm) => intervalOf(withValues(columns.get(arm)!, cases, metric, given), own),
      ofDifference: (a, b) =>
        intervalOfDifference(withBothValues(columns.get(a)!, columns.get(b)!, cases, metric, given), own),
    };
  }
  const { sums, statistic, addendsOf, tells } = sumsOf({ ...metric, summary }, given.metrics);
  const having = (...arms: string[]) => {
    const measured = cases.filter((_, at) => arms.every((arm) => columns.get(arm)![at] !== undefined));
    return arms.every((arm) => measured.some((record) => tells(record, arm))) ? measured : [];
  };
  const groupsOf = (measured: readonly CaseRecord[]) => measured.map(({ group }) => group);
  return {
    of(arm) {
      const measured = having(arm);
      const addends = measured.map((record) => addendsOf(record, arm));
      return bootstrapOfSums({ addends, groups: groupsOf(measured), sums, statistic }, settings);
    },
    // The sums of the one, and behind them those of the other.
    ofDifference(a, b) {
      const measured = having(a, b);
      const addends = measured.map((record) => [
        ...addendsOf(record, a),
        ...addendsOf(record, b).map(({ to, by }) => ({ to: sums + to, by })),
      ]);
      const difference = {
        addends,
        groups: groupsOf(measured),
        sums: 2 * sums,
        statistic: (both: Float64Array) => statistic(both.subarray(0, sums)) - statistic(both.subarray(sums)),
      };
      return bootstrapOfSums(difference, { ...settings, bounds: [-1, 1] });
    },
  };
}

function adjustPValues(slices: readonly Slice[], options: SliceOptions): void {
  const reference = new Set(options.arms.filter((arm) => arm.reference).map((arm) => arm.name));
  const directed = new Set(options.metrics.filter((m) => m.direction !== 'none').map((m) => m.id));
  const families = new Map<string, PairComparison[]>();
  for (const slice of slices) {
    for (const pair of slice.pairs) {
      if (pair.p === undefined || !directed.has(pair.metric)) continue;
      const family =
        reference.has(pair.a) || reference.has(pair.b)
          ? 'reference'
          : pair.metric !== options.primary
            ? 'secondary'
            : slice.kind === null
              ? 'primary'
              : 'kinds';
      pair.family = family;
      // Reference rows and the other metrics are read within one slice, and the primary metric of the reference rows apart.
      const key =
        family === 'primary' || family === 'kinds'
          ? family
          : `${family} ${slice.kind} ${family === 'reference' && pair.metric === options.primary}`;
      families.set(key, [...(families.get(key) ?? []), pair]);
    }
  }
  for (const pairs of families.values()) {
    const adjusted = holmAdjust(pairs.map((pair) => pair.p!));
    pairs.forEach((pair, i) => {
      pair.adjustedP = adjusted[i]!;
    });
  }
}

function valuesOf(cases: readonly CaseRecord[], arm: string, metric: string): Column {
  return cases.map((record) => record.arms[arm]?.values[metric]);
}

function withValues(
  column: Column,
  cases: readonly CaseRecord[],
  metric: MetricInfo,
  options: SliceOptions,
): ClusteredSample {
  const values: number[] = [];
  const measured: CaseRecord[] = [];
  column.forEach((value, i) => {
    if (value === undefined) return;
    values.push(value);
    measured.push(cases[i]!);
  });
  return { values, ...clusters(measured, metric, options) };
}

function withBothValues(
  left: Column,
  right: Column,
  cases: readonly CaseRecord[],
  metric: MetricInfo,
  options: SliceOptions,
): PairedSample {
  const a: number[] = [];
  const b: number[] = [];
  const measured: CaseRecord[] = [];
  left.forEach((value, i) => {
    const other = right[i];
    if (value === undefined || other === undefined) return;
    a.push(value);
    b.push(other);
    measured.push(cases[i]!);
  });
  return { a, b, ...clusters(measured, metric, options) };
}

function clusters(
  measured: readonly CaseRecord[],
  { joined }: MetricInfo,
  { unanswerableWeight }: SliceOptions,
): Pick<ClusteredSample, 'groups' | 'strata'> {
  const groups = measured.map((record) => record.group);
  if (!joined) return { groups };
  const strata = strataOf(
    measured.map((record) => record.case),
    unanswerableWeight,
  );
  return { groups, strata };
}

/** Where no group was seen to differ: the share that so many agreeing ones cannot rule out. */
function discordanceOf(pair: PairedSample, { groups }: Interval): number {
  const seen = pairedDiscordance(pair);
  return seen > 0 ? seen : 1 - 0.025 ** (1 / groups);
}

function toEstimate({ value, low, high, cases, groups }: PairComparison | Omit<ArmMetric, 'arm' | 'metric'>) {
  return { value, low, high, cases, groups };
}
