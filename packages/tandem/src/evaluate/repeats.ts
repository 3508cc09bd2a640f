import type { Case } from '../core/types/example.ts';
import { studentQuantile } from '../statistics/index.ts';
import type { ComparisonResult, Verdict } from './comparison-result.ts';
import { formatDifference, formatValue } from './format.ts';
import type { MetricInfo } from './metrics/metric.ts';
import { joinedMean } from './unanswerable-weight.ts';

/**
 * The cases so many times over, for models that answer by chance (`answer.temperature`). Repeats are in their case's group, so that intervals and
 * tests know that they are no further cases.
 */
export function repeatCases(cases: readonly Case[], repeats: number): Case[] {
  return Array.from({ length: repeats }, (_, at) =>
    cases.map((testCase) =>
      at === 0
        ? testCase
        : { ...testCase, id: repeatedId(testCase.id, at), group: testCase.group ?? testCase.id },
    ),
  ).flat();
}

const repeatedId = (id: string, at: number) => `${id} (asked again, ${at + 1})`;

/** How much one arm's value hangs on chance alone: over the same cases, asked again. */
export interface RepeatSpread {
  arm: string;
  /** One mean a repeat. */
  values: number[];
  mean: number;
  /** 95 % for the mean of all repeats of these very cases, by Student's t over the repeats: it says nothing about other cases. */
  low: number;
  high: number;
}

/** @returns none where cases were asked once */
export function repeatSpreads(
  { cases, arms, options }: Pick<ComparisonResult, 'cases' | 'arms' | 'options'>,
  { id: metric, joined }: Pick<MetricInfo, 'id' | 'joined'>,
): RepeatSpread[] {
  const { repeats = 1 } = options;
  if (repeats < 2) return [];
  const perRepeat = cases.length / repeats;
  return arms
    .filter(({ reference }) => !reference)
    .flatMap(({ name }) => {
      const own = Array.from({ length: repeats }, (_, at) =>
        cases.slice(at * perRepeat, (at + 1) * perRepeat).flatMap(({ case: testCase, arms: of }) => {
          const value = of[name]!.values[metric];
          return value === undefined ? [] : [{ testCase, value }];
        }),
      );
      if (own.some(({ length }) => length === 0)) return [];
      // Cases with and without an answer are joined as in the table.
      const means = own.map((rows) =>
        joined
          ? joinedMean(
              rows.map(({ value }) => value),
              rows.map(({ testCase }) => testCase),
              options.unanswerableWeight,
            )
          : meanOf(rows.map(({ value }) => value)),
      );
      const mean = meanOf(means);
      const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1));
      const width = (studentQuantile(0.975, repeats - 1) * deviation) / Math.sqrt(repeats);
      return [{ arm: name, values: means, mean, low: mean - width, high: mean + width }];
    });
}

/** How far repeats lie apart, one line an arm; no text where cases were asked once. */
export function repeatsReason(
  result: Pick<ComparisonResult, 'cases' | 'arms' | 'options'>,
  primary: MetricInfo,
): Verdict['reasons'][number] {
  const spreads = repeatSpreads(result, primary);
  const { repeats = 1 } = result.options;
  if (spreads.length === 0) return { title: 'Repeats', text: '' };
  const labelOf = (name: string) => result.arms.find((arm) => arm.name === name)!.label;
  return {
    title: 'Repeats',
    text: `Every case was asked ${repeats} times, so that ${result.cases.length} answers an arm are about ${result.cases.length / repeats} cases. How much "${primary.name}" changed from run to run on the same cases:`,
    lines: spreads.map(({ arm, values, mean, low }) => {
      const own = values.map((value) => formatValue(value, primary.unit)).join(', ');
      return `${labelOf(arm)}: ${own}; mean ${formatValue(mean, primary.unit)} ± ${formatDifference(mean - low, primary.unit)} (95 %, Student's t over ${repeats} repeats).`;
    }),
  };
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
