import { counted } from '../../core/counted.ts';
import { expectedCalibrationError, reliabilityBins } from '../../statistics/index.ts';
import { advantageOf } from '../advantage.ts';
import type { ComparisonResult, Slice } from '../comparison-result.ts';
import { calibrationBins } from '../metrics/calibration-bins.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import type { MarkedArm } from './arms.ts';
import { type Html, html } from './html.ts';
import { type IntervalRow, intervalPlot, reliabilityPlot, scatterPlot } from './plots.ts';

/** The primary metric over all cases and by kind, and the differences between the arms that can be chosen. */
export function primaryFigures(result: ComparisonResult, arms: readonly MarkedArm[]): Html {
  const metric = primaryOf(result);
  const overall = result.slices[0]!;
  const choosable = arms.filter((arm) => !arm.reference);
  const differences = choosable.flatMap((a, i) =>
    choosable.slice(i + 1).flatMap((b): IntervalRow[] => {
      const forward = advantageOf(overall, metric, a.name, b.name);
      if (!forward) return [];
      const [ahead, behind] = forward.by >= 0 ? [a, b] : [b, a];
      const { by, low, high } = advantageOf(overall, metric, ahead.name, behind.name)!;
      return [
        {
          label: `${ahead.label} over ${behind.label}`,
          mark: ahead.mark,
          hollow: false,
          value: by,
          low,
          high,
        },
      ];
    }),
  );
  return html`<div class="plots">
${result.slices.map((slice) =>
  intervalPlot({
    title: slice.kind === null ? `${metric.name}: all cases` : slice.kind,
    subtitle: `${counted(slice.cases, 'case')}, ${counted(slice.groups, 'group')}`,
    rows: rowsOf(slice, metric, arms),
    unit: metric.unit,
  }),
)}
${
  differences.length > 0 &&
  intervalPlot({
    title: 'Differences, pair by pair',
    subtitle:
      metric.unit === 'share'
        ? 'in points; an interval across zero shows none'
        : 'an interval across zero shows none',
    rows: differences,
    unit: metric.unit,
    signed: true,
  })
}</div>`;
}

/** Every other mean that is better on one side, over all cases, and quality against cost. */
export function otherFigures(result: ComparisonResult, arms: readonly MarkedArm[]): Html {
  const primary = primaryOf(result);
  const overall = result.slices[0]!;
  const shown = result.metrics.filter(
    (metric) =>
      metric !== primary &&
      metric.direction !== 'none' &&
      !metric.id.startsWith('style:') &&
      rowsOf(overall, metric, arms).length > 0,
  );
  const costs = ['latency', 'prompt-tokens'].flatMap((id) => shown.find((metric) => metric.id === id) ?? []);
  return html`<div class="plots">
${costs.map((cost) => {
  const points = arms.flatMap((arm) => {
    const x = find(overall, cost, arm);
    const y = find(overall, primary, arm);
    return x && y ? [{ label: arm.label, mark: arm.mark, hollow: arm.reference, x, y }] : [];
  });
  return scatterPlot({
    title: `${primary.name} against ${lowered(cost.name)}`,
    points,
    xUnit: cost.unit,
    xName: cost.name,
    yUnit: primary.unit,
    yName: primary.name,
  });
})}
${result.metrics.filter((metric) => metric.probabilityOf).map((metric) => reliability(result, metric, arms))}
${shown.map((metric) => {
  const cases = new Set(overall.arms.filter((e) => e.metric === metric.id).map((e) => e.cases));
  return intervalPlot({
    title: metric.name,
    subtitle: `${metric.direction} is better · ${cases.size === 1 ? `n\u00a0${[...cases][0]}` : `n\u00a0${Math.min(...cases)}–${Math.max(...cases)}`}`,
    rows: rowsOf(overall, metric, arms),
    unit: metric.unit,
  });
})}</div>`;
}

/** How often what an arm stated a probability of came true, in fifths of the scale. */
function reliability(result: ComparisonResult, metric: MetricInfo, arms: readonly MarkedArm[]): Html {
  const lines = arms.flatMap((arm) => {
    const pairs = result.cases.flatMap((record) => {
      const { [metric.id]: said, [metric.probabilityOf!]: right } = record.arms[arm.name]!.values;
      return said === undefined || right === undefined ? [] : [{ said, right: right === 1 }];
    });
    if (pairs.length === 0) return [];
    const said = pairs.map((pair) => pair.said);
    const right = pairs.map((pair) => pair.right);
    const error = expectedCalibrationError(said, right, calibrationBins).toFixed(2);
    const bins = reliabilityBins(said, right, calibrationBins).filter((bin) => bin.cases > 0);
    return [{ label: `${arm.label}: off by ${error}`, mark: arm.mark, bins }];
  });
  if (lines.length === 0) return html``;
  return reliabilityPlot({
    title:
      metric.id === 'sufficiency'
        ? 'Do passages answer as often as sufficiency says?'
        : 'Is the stated confidence true?',
    subtitle: `On the dashes it is. Expected calibration error, ${calibrationBins} bins.`,
    lines,
  });
}

function primaryOf(result: ComparisonResult): MetricInfo {
  return result.metrics.find((metric) => metric.id === result.primary.metric)!;
}

function rowsOf(slice: Slice, metric: MetricInfo, arms: readonly MarkedArm[]): IntervalRow[] {
  return arms.flatMap((arm) => {
    const entry = find(slice, metric, arm);
    return entry ? [{ ...entry, label: arm.label, mark: arm.mark, hollow: arm.reference }] : [];
  });
}

function find(slice: Slice, metric: MetricInfo, arm: MarkedArm) {
  return slice.arms.find((entry) => entry.arm === arm.name && entry.metric === metric.id);
}

function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
