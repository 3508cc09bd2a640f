import { formatInterval, formatValue } from '../format.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { type Html, html } from './html.ts';

type Unit = MetricInfo['unit'];

/** One row of an interval plot; `mark` is the arm's class, `hollow` for yardsticks. */
export interface IntervalRow {
  label: string;
  mark: string;
  hollow: boolean;
  value: number;
  low: number;
  high: number;
}

// Drawn at about the size they are shown at, so that letters keep theirs on a phone.
const width = 340;
const rowHeight = 26;

/** Dots with their 95 % intervals, one row an arm. Shares and scores are drawn on the whole of 0 to 1. */
export function intervalPlot(given: {
  title: string;
  subtitle?: string;
  rows: readonly IntervalRow[];
  unit: Unit;
  /** Differences: the axis reaches both sides of a marked zero. */
  signed?: boolean;
}): Html {
  const { rows, unit, signed = false } = given;
  const left = Math.min(150, 14 + 6.7 * Math.max(0, ...rows.map((row) => row.label.length)));
  const right = width - 52;
  const bottom = rows.length * rowHeight + 6;
  const [from, to] = domainOf(rows, unit, signed);
  const x = (value: number) => left + ((clamp(value, from, to) - from) / (to - from)) * (right - left);
  const spoken = rows
    .map((row) => `${row.label} ${labelOf(row.value, unit, signed)}, ${formatInterval(row, unit)}`)
    .join('; ');
  return html`<figure class="plot">
<figcaption><strong>${given.title}</strong>${given.subtitle && html` <span class="muted">${given.subtitle}</span>`}</figcaption>
<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${`${given.title}. ${spoken}`}">
${ticks(from, to).map(
  (
    tick,
  ) => html`<line class="grid${signed && tick === 0 ? ' zero' : ''}" x1="${fixed(x(tick))}" x2="${fixed(x(tick))}" y1="0" y2="${bottom}"/>
<text class="tick" x="${fixed(x(tick))}" y="${bottom + 16}" text-anchor="middle">${labelOf(tick, unit, signed)}</text>`,
)}
${rows.map((row, i) => {
  const y = i * rowHeight + rowHeight / 2 + 2;
  return html`<g class="${row.mark}"><text class="name" x="${left - 10}" y="${y + 4}" text-anchor="end">${row.label}</text>
<line class="whisker" x1="${fixed(x(row.low))}" x2="${fixed(x(row.high))}" y1="${y}" y2="${y}"/>
${shape(row.mark, row.hollow, x(row.value), y)}
<text class="value" x="${width}" y="${y + 4}" text-anchor="end">${labelOf(row.value, unit, signed)}</text></g>`;
})}
</svg></figure>`;
}

export interface ScatterPoint {
  label: string;
  mark: string;
  hollow: boolean;
  x: { value: number; low: number; high: number };
  y: { value: number; low: number; high: number };
}

/** Quality against cost: both with their intervals. The good corner is at the top left. */
export function scatterPlot(given: {
  title: string;
  points: readonly ScatterPoint[];
  xUnit: Unit;
  xName: string;
  yUnit: Unit;
  yName: string;
}): Html {
  const { points, xUnit, yUnit } = given;
  const height = 270;
  const box = { left: 46, right: width - 12, top: 12, bottom: height - 42 };
  const [x0, x1] = domainOf(
    points.map((point) => point.x),
    xUnit,
    false,
  );
  const [y0, y1] = domainOf(
    points.map((point) => point.y),
    yUnit,
    false,
  );
  const px = (value: number) => box.left + ((clamp(value, x0, x1) - x0) / (x1 - x0)) * (box.right - box.left);
  const py = (value: number) =>
    box.bottom - ((clamp(value, y0, y1) - y0) / (y1 - y0)) * (box.bottom - box.top);
  const spoken = points
    .map(
      (point) =>
        `${point.label}: ${formatValue(point.y.value, yUnit)} at ${formatValue(point.x.value, xUnit)}`,
    )
    .join('; ');
  const names = placeLabels(
    points.map((point) => ({ point, x: px(point.x.value), y: py(point.y.value) })),
    box,
  );
  return html`<figure class="plot">
<figcaption><strong>${given.title}</strong></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${`${given.title}. ${spoken}`}">
${ticks(x0, x1).map(
  (
    tick,
  ) => html`<line class="grid" x1="${fixed(px(tick))}" x2="${fixed(px(tick))}" y1="${box.top}" y2="${box.bottom}"/>
<text class="tick" x="${fixed(px(tick))}" y="${box.bottom + 16}" text-anchor="middle">${formatValue(tick, xUnit)}</text>`,
)}
${ticks(y0, y1).map(
  (
    tick,
  ) => html`<line class="grid" x1="${box.left}" x2="${box.right}" y1="${fixed(py(tick))}" y2="${fixed(py(tick))}"/>
<text class="tick" x="${box.left - 6}" y="${fixed(py(tick) + 4)}" text-anchor="end">${formatValue(tick, yUnit)}</text>`,
)}
<text class="tick" x="${(box.left + box.right) / 2}" y="${height - 4}" text-anchor="middle">${given.xName}</text>
${points.map(
  (point) => html`<g class="${point.mark}">
<line class="whisker" x1="${fixed(px(point.x.low))}" x2="${fixed(px(point.x.high))}" y1="${fixed(py(point.y.value))}" y2="${fixed(py(point.y.value))}"/>
<line class="whisker" x1="${fixed(px(point.x.value))}" x2="${fixed(px(point.x.value))}" y1="${fixed(py(point.y.low))}" y2="${fixed(py(point.y.high))}"/>
${shape(point.mark, point.hollow, px(point.x.value), py(point.y.value))}</g>`,
)}
${names.map(
  ({ point, x, y, anchor }) =>
    html`<text class="name halo ${point.mark}" x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}">${point.label}</text>`,
)}
</svg></figure>`;
}

export interface ReliabilityLine {
  label: string;
  mark: string;
  bins: readonly { said: number; right: number; cases: number }[];
}

/** Share that came true against the probability stated, a point a bin, larger for more cases; the diagonal is perfect. */
export function reliabilityPlot(given: {
  title: string;
  subtitle: string;
  lines: readonly ReliabilityLine[];
}): Html {
  const height = 270;
  const box = { left: 46, right: width - 12, top: 12, bottom: height - 42 };
  const px = (value: number) => box.left + value * (box.right - box.left);
  const py = (value: number) => box.bottom - value * (box.bottom - box.top);
  const most = Math.max(1, ...given.lines.flatMap((line) => line.bins.map((bin) => bin.cases)));
  const spoken = given.lines
    .map(
      (line) =>
        `${line.label}: ${line.bins.map((bin) => `said ${formatValue(bin.said, 'share')}, right ${formatValue(bin.right, 'share')}`).join(', ')}`,
    )
    .join('; ');
  return html`<figure class="plot">
<figcaption><strong>${given.title}</strong> <span class="muted">${given.subtitle}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${`${given.title}. ${spoken}`}">
${[0, 0.25, 0.5, 0.75, 1].map(
  (
    tick,
  ) => html`<line class="grid" x1="${fixed(px(tick))}" x2="${fixed(px(tick))}" y1="${box.top}" y2="${box.bottom}"/>
<line class="grid" x1="${box.left}" x2="${box.right}" y1="${fixed(py(tick))}" y2="${fixed(py(tick))}"/>
<text class="tick" x="${fixed(px(tick))}" y="${box.bottom + 16}" text-anchor="middle">${formatValue(tick, 'share')}</text>
<text class="tick" x="${box.left - 6}" y="${fixed(py(tick) + 4)}" text-anchor="end">${formatValue(tick, 'share')}</text>`,
)}
<line class="grid zero" stroke-dasharray="4 4" x1="${box.left}" y1="${box.bottom}" x2="${box.right}" y2="${box.top}"/>
<text class="tick" x="${(box.left + box.right) / 2}" y="${height - 4}" text-anchor="middle">Probability stated (up: share that came true)</text>
${given.lines.map(
  (line) => html`<g class="${line.mark}"><polyline class="path" points="${line.bins
    .map((bin) => `${fixed(px(bin.said))},${fixed(py(bin.right))}`)
    .join(' ')}"/>
${line.bins.map(
  (bin) =>
    html`<circle class="mark" cx="${fixed(px(bin.said))}" cy="${fixed(py(bin.right))}" r="${fixed(2.5 + 4 * Math.sqrt(bin.cases / most))}"><title>${`${line.label}: said ${formatValue(bin.said, 'share')}, right ${formatValue(bin.right, 'share')}, n ${bin.cases}`}</title></circle>`,
)}</g>`,
)}
</svg>
<p class="legend">${given.lines.map((line) => html`<span class="${line.mark}">${line.label}</span> `)}</p></figure>`;
}

/** A mark tells arms apart by form as well as by colour. */
function shape(mark: string, hollow: boolean, x: number, y: number): Html {
  const form = Number(/\d+/u.exec(mark)?.[0] ?? 0) % 4;
  const look = hollow ? 'mark hollow' : 'mark';
  const at = (dx: number, dy: number) => `${fixed(x + dx)},${fixed(y + dy)}`;
  switch (form) {
    case 0:
      return html`<circle class="${look}" cx="${fixed(x)}" cy="${fixed(y)}" r="5"/>`;
    case 1:
      return html`<rect class="${look}" x="${fixed(x - 4.5)}" y="${fixed(y - 4.5)}" width="9" height="9"/>`;
    case 2:
      return html`<polygon class="${look}" points="${at(0, -6)} ${at(6, 0)} ${at(0, 6)} ${at(-6, 0)}"/>`;
    default:
      return html`<polygon class="${look}" points="${at(0, -6)} ${at(5.5, 4.5)} ${at(-5.5, 4.5)}"/>`;
  }
}

/** Names stand beside their points, on the side with room, pushed apart where they would touch. */
function placeLabels(
  placed: readonly { point: ScatterPoint; x: number; y: number }[],
  box: { left: number; right: number; top: number; bottom: number },
) {
  const names = placed
    .map(({ point, x, y }) => {
      const wide = point.label.length * 6.7 + 10;
      const toRight = x + wide < box.right;
      return {
        point,
        x: toRight ? x + 10 : x - 10,
        y: y - 7,
        anchor: toRight ? 'start' : 'end',
        from: toRight ? x : x - wide,
        to: toRight ? x + wide : x,
      };
    })
    .sort((a, b) => a.y - b.y);
  names.forEach((name, i) => {
    for (const other of names.slice(0, i)) {
      const beside = name.from > other.to || name.to < other.from;
      if (!beside && Math.abs(name.y - other.y) < 14) name.y = other.y + 14;
    }
    name.y = clamp(name.y, box.top + 10, box.bottom - 3);
  });
  return names;
}

function domainOf(
  rows: readonly { low: number; high: number; value: number }[],
  unit: Unit,
  signed: boolean,
): [number, number] {
  if (!signed && (unit === 'share' || unit === 'score')) return [0, 1];
  const values = rows.flatMap((row) => [row.low, row.high, row.value]);
  const most = Math.max(0, ...values);
  const least = signed ? Math.min(0, ...values) : 0;
  const step = stepOf(most - least);
  return [Math.floor(least / step) * step, Math.max(step, Math.ceil(most / step) * step)];
}

function ticks(from: number, to: number): number[] {
  const step = stepOf(to - from);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** 1, 2, 2.5 or 5 times a power of ten: three to five steps over a span. */
function stepOf(span: number): number {
  const rough = (span || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  return unit * power;
}

/** Differences of shares are points, so their percent signs go. */
function labelOf(value: number, unit: Unit, signed: boolean): string {
  const text = formatValue(Math.abs(value), unit).replace(signed ? ' %' : /$^/u, '');
  const sign = value < 0 && text !== labelOf(0, unit, signed) ? '−' : '';
  return sign + text.replace(' ', '\u00a0');
}

function clamp(value: number, from: number, to: number): number {
  return Math.min(to, Math.max(from, value));
}

function fixed(value: number): string {
  return value.toFixed(1);
}
