import { counted } from '../core/counted.ts';
import type { CaseRecord, ComparisonResult, Slice } from './comparison-result.ts';
import { describeDependentCases } from './describe-dependent-cases.ts';
import { capitalise, formatInterval, formatValue } from './format.ts';
import type { MetricInfo } from './metrics/metric.ts';
import { expectedOutcome } from './metrics/outcome.ts';
import { studyNames } from './studies/study.ts';

/** Reasons whose lines say nothing without their text. */
const studyTitles = new Set([...studyNames.map(capitalise), 'Repeats']);

/** In the report only: shades of what the table has already. */
const details = new Set([
  'rouge-l',
  'length',
  'confidence',
  'answered-when-found',
  'completion-tokens',
  'latency-p95',
  'confidence-ece',
  'sufficiency',
  'sufficient',
  'sufficiency-brier',
]);

function isDetail(id: string, { cases }: ComparisonResult): boolean {
  // A probability that is on no scale is off it by any measure, and where all cases expect one outcome the other rows say what became of them.
  if (id === 'sufficiency-ece') return !cases.some(isOnScale);
  if (id === 'outcome-macro-f1') return new Set(cases.map((each) => expectedOutcome(each.case))).size < 2;
  return details.has(id) || id.startsWith('style:') || id === 'right-by-f1';
}

const isOnScale = ({ arms }: CaseRecord) =>
  Object.values(arms).some(({ answer }) => answer?.sufficiency?.isCalibrated);

/**
 * The comparison for a terminal: the model's name first, the verdict, and the table with intervals; the primary metric also
 * by kind. Plain text of at most `width` columns where the arms' names allow it.
 */
export function summarise(result: ComparisonResult, options: { width?: number } = {}): string {
  const width = Math.max(60, options.width ?? (process.stdout.columns || 100));
  const { verdict } = result;
  const overall = result.slices[0]!;
  const primary = result.metrics.find((metric) => metric.id === result.primary.metric)!;
  const rows: Row[] = [
    ...result.slices.map((slice) =>
      rowOf(result, slice, primary, slice.kind === null ? primary.name : `  ${slice.kind}`),
    ),
    ...result.metrics
      .filter((metric) => metric !== primary && !isDetail(metric.id, result))
      .filter((metric) => overall.arms.some((entry) => entry.metric === metric.id))
      .map((metric) => rowOf(result, overall, metric, metric.name)),
  ];
  const kinds = verdict.kinds.map(({ kind, text }) => `${kind}: ${text}`);
  const dependence = describeDependentCases(result);
  const lines = [
    ...wrapped(verdict.firstLine, width),
    '',
    ...wrapped(verdict.headline, width),
    ...kinds.flatMap((text) => ['', ...wrapped(text, width)]),
    '',
    ...tables(result, rows, width),
    '',
    ...verdict.reasons
      .filter(({ title, lines }) => lines && (lines.length > 0 || studyTitles.has(title)))
      .flatMap(({ title, text, lines }) => [
        ...wrapped(studyTitles.has(title) ? `${title}: ${text}` : `${title}:`, width),
        ...lines!.flatMap((line) => bulleted(line, width)),
        '',
      ]),
    ...wrapped(
      `${counted(overall.cases, 'case')}, ${counted(overall.groups, 'group')}. ${dependence && `${dependence} `}In brackets the 95 % interval, by groups of cases, and n where it is not all cases; more metrics are in the report.${
        result.failures.length > 0 ? ` ${result.failures.length} answers failed and count as wrong.` : ''
      }`,
      width,
    ),
  ];
  return lines.join('\n');
}

interface Row {
  name: string;
  /** One cell an arm. */
  cells: string[];
}

function rowOf(result: ComparisonResult, slice: Slice, metric: MetricInfo, name: string): Row {
  return {
    name,
    cells: result.arms.map((arm) => {
      const entry = slice.arms.find((e) => e.arm === arm.name && e.metric === metric.id);
      if (!entry) return '–';
      const own = entry.cases === slice.cases ? '' : `; n ${entry.cases}`;
      const interval =
        entry.groups > 1 ? formatInterval(entry, metric.unit).replace(' to ', '–') : 'one group';
      return `${formatValue(entry.value, metric.unit)} (${interval}${own})`;
    }),
  };
}

/** As many arms side by side as fit, the rest in a table below. */
function tables(result: ComparisonResult, rows: readonly Row[], width: number): string[] {
  const first = Math.max(...rows.map((row) => row.name.length));
  const widths = result.arms.map((arm, i) =>
    Math.max(heading(arm).length, ...rows.map((row) => row.cells[i]!.length)),
  );
  const blocks: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  widths.forEach((columns, i) => {
    if (used + 2 + columns > width) {
      blocks.push([]);
      used = first;
    }
    blocks.at(-1)!.push(i);
    used += 2 + columns;
  });
  return blocks.flatMap((columns, block) => [
    ...(block > 0 ? [''] : []),
    `${' '.repeat(first)}${columns.map((i) => `  ${heading(result.arms[i]!).padEnd(widths[i]!)}`).join('')}`.trimEnd(),
    ...rows
      .filter((row) => columns.some((i) => row.cells[i] !== '–'))
      .map((row) =>
        `${row.name.padEnd(first)}${columns.map((i) => `  ${row.cells[i]!.padEnd(widths[i]!)}`).join('')}`.trimEnd(),
      ),
  ]);
}

function heading(arm: ComparisonResult['arms'][number]): string {
  return arm.reference ? `[${arm.label}]` : arm.label;
}

function bulleted(text: string, width: number): string[] {
  return wrapped(text, width - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
