import { counted } from '../../core/counted.ts';
import { advantageOf, isShownBetter } from '../advantage.ts';
import type { ComparisonResult, Slice } from '../comparison-result.ts';
import { formatDifference, formatInterval, formatP, formatValue } from '../format.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import type { MarkedArm } from './arms.ts';
import { type Html, html } from './html.ts';

/** Every metric of every arm over one slice, with intervals; where a value rests on fewer cases, with its own n. */
export function metricTable(result: ComparisonResult, slice: Slice, arms: readonly MarkedArm[]): Html {
  const metrics = result.metrics.filter((metric) => slice.arms.some((entry) => entry.metric === metric.id));
  const families = [...new Set(metrics.map((metric) => metric.family))];
  const name = slice.kind === null ? 'All cases' : `Kind "${slice.kind}"`;
  return html`<p class="about">${name}: ${counted(slice.cases, 'case')}, ${counted(slice.groups, 'group')}. Under each value its 95 % interval. <b>Bold</b>: shown better than every other arm (paired test after Holm, interval without zero).${
    arms.some((arm) => arm.reference) &&
    html` <i>Italic</i>: yardsticks, which are compared with but never chosen.`
  }</p>
<div class="scroll pin" tabindex="0" role="region" aria-label="${`Table: ${name}`}"><table>
<thead><tr><th scope="col">Metric</th>${arms.map(
    (arm) =>
      html`<th scope="col" class="${arm.reference ? 'yardstick' : ''}"><abbr class="armname ${arm.mark}" title="${arm.description}">${arm.label}</abbr></th>`,
  )}</tr></thead>
${families.map(
  (
    family,
  ) => html`<tbody><tr class="family"><th scope="rowgroup" colspan="${arms.length + 1}">${family}</th></tr>
${metrics.filter((metric) => metric.family === family).map((metric) => row(metric, slice, arms))}</tbody>`,
)}
</table></div>`;
}

function row(metric: MetricInfo, slice: Slice, arms: readonly MarkedArm[]): Html {
  const direction = { higher: '\u00a0↑', lower: '\u00a0↓', none: '' }[metric.direction];
  const spoken = metric.direction === 'none' ? '' : ` (${metric.direction} is better)`;
  return html`<tr><th scope="row"><abbr title="${metric.description + spoken}">${metric.name}</abbr><span class="muted" aria-hidden="true">${direction}</span></th>${arms.map(
    (arm) => {
      const entry = slice.arms.find((e) => e.arm === arm.name && e.metric === metric.id);
      if (!entry) return html`<td class="muted" title="does not apply to this arm">–</td>`;
      const interval = entry.groups > 1 ? formatInterval(entry, metric.unit) : 'one group: no interval';
      const own = entry.cases !== slice.cases && ` · n ${entry.cases}`;
      const look = [best(metric, slice, arms, arm) && 'best', arm.reference && 'yardstick'].filter(Boolean);
      return html`<td class="${look.join(' ')}">${formatValue(entry.value, metric.unit)}<small>${interval}${own}</small></td>`;
    },
  )}</tr>`;
}

function best(metric: MetricInfo, slice: Slice, arms: readonly MarkedArm[], arm: MarkedArm): boolean {
  if (arm.reference || metric.direction === 'none') return false;
  const others = arms.filter(
    (other) =>
      other !== arm &&
      !other.reference &&
      slice.arms.some((entry) => entry.arm === other.name && entry.metric === metric.id),
  );
  return others.length > 0 && others.every((other) => isShownBetter(slice, metric, arm.name, other.name));
}

/** The primary metric pair by pair: what the verdict rests on. */
export function pairTable(result: ComparisonResult, slice: Slice, arms: readonly MarkedArm[]): Html {
  const metric = result.metrics.find((candidate) => candidate.id === result.primary.metric)!;
  const pairs = arms.flatMap((a, i) =>
    arms.slice(i + 1).flatMap((b) => {
      const forward = advantageOf(slice, metric, a.name, b.name);
      if (!forward) return [];
      return forward.by >= 0
        ? [{ a, b, advantage: forward }]
        : [{ a: b, b: a, advantage: advantageOf(slice, metric, b.name, a.name)! }];
    }),
  );
  if (pairs.length === 0) return html``;
  return html`<p class="about">${metric.name}, pair by pair on the same cases. The last column is the smallest true difference that these cases would show four times in five.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table: pairs of arms"><table>
<thead><tr><th scope="col">Pair</th><th scope="col">Difference</th><th scope="col">95 % interval</th><th scope="col">p</th><th scope="col">p after Holm</th><th scope="col" class="words">Shown?</th><th scope="col">Could show</th></tr></thead>
<tbody>${pairs.map(
    ({
      a,
      b,
      advantage,
    }) => html`<tr class="${a.reference || b.reference ? 'yardstick' : ''}"><th scope="row">${a.label} over ${b.label}</th>
<td>${formatDifference(advantage.by, metric.unit)}</td><td>${formatInterval(advantage, metric.unit)}</td>
<td>${advantage.p === undefined ? '–' : formatP(advantage.p).replace('p = ', '').replace('p ', '')}</td>
<td>${advantage.adjustedP === undefined ? '–' : formatP(advantage.adjustedP).replace('p = ', '').replace('p ', '')}</td>
<td class="words">${isShownBetter(slice, metric, a.name, b.name) ? 'yes' : 'no'}</td><td>${formatDifference(advantage.minimalDetectable, metric.unit)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** What each metric counts, for readers without a pointer to hover with. */
export function metricGlossary(result: ComparisonResult): Html {
  return html`<dl>${result.metrics.map(
    (metric) => html`<dt>${metric.name}</dt><dd>${metric.description}</dd>`,
  )}</dl>`;
}
