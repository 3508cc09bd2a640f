import { createHash } from 'node:crypto';
import { counted } from '../core/counted.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { markedArms } from './report/arms.ts';
import { casesSection } from './report/cases.ts';
import { otherFigures, primaryFigures } from './report/figures.ts';
import { type Html, html, raw } from './report/html.ts';
import { makingSection } from './report/making.ts';
import { script } from './report/script.ts';
import { style } from './report/style.ts';
import { metricGlossary, metricTable, pairTable } from './report/tables.ts';
import { calibrationTable, outcomeTable } from './report/trust.ts';

/**
 * The comparison as one HTML file that asks for nothing else: style, script and drawings are inside, and a content security
 * policy forbids every request. Its first line names the model. Complete without its script, which only filters the cases.
 */
export function renderReport(result: ComparisonResult): string {
  const { verdict } = result;
  const arms = markedArms(result);
  const overall = result.slices[0]!;
  const byKind = result.slices.slice(1);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${raw(hashOf(style))}'; script-src '${raw(hashOf(script))}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${`${title(result)} · ${result.project}`}</title>
<style>${raw(style)}</style></head>
<body><a class="skip" href="#verdict">Skip to the verdict</a>
<header>
<p class="subject">${verdict.firstLine}</p>
<p class="muted">${result.project} · ${arms.map((arm) => arm.label).join(', ')} on ${counted(overall.cases, 'held-out case')} about ${counted(overall.groups, 'group')} · ${result.finishedAt.slice(0, 10)}</p>
<h1>${title(result)}</h1>
<p class="lead">${keptTogether(verdict.headline)}</p>
<nav aria-label="Sections">
<a href="#verdict">Verdict</a><a href="#table">Table</a><a href="#plots">Plots</a><a href="#making">How it was made</a>${result.failures.length > 0 && html`<a href="#failures">Failed answers</a>`}<a href="#cases">Every case</a>
</nav></header>
<main>
<section id="verdict"><h2>The verdict, and what it rests on</h2>
${primaryFigures(result, arms)}
${
  verdict.kinds.length > 0 &&
  html`<h3>By kind of question</h3>
<dl>${verdict.kinds.map(({ kind, text }) => html`<dt>${kind}</dt><dd>${keptTogether(text)}</dd>`)}</dl>`
}
<div class="reasons">${verdict.reasons.map((reason) => html`<section class="card"><h3>${reason.title}</h3><p>${keptTogether(reason.text)}</p>${reason.lines && reason.lines.length > 0 && html`<ul>${reason.lines.map((line) => html`<li>${keptTogether(line)}</li>`)}</ul>`}</section>`)}</div>
</section>
<section id="table"><h2>All numbers</h2>
${metricTable(result, overall, arms)}
${byKind.map(
  (
    slice,
  ) => html`<details class="fold"><summary>${slice.kind ?? ''}: ${counted(slice.cases, 'case')}, ${counted(slice.groups, 'group')}</summary>
${metricTable(result, slice, arms)}</details>`,
)}
<details class="fold"><summary>Pairs of arms: differences and tests</summary>${pairTable(result, overall, arms)}</details>
${outcomeTable(result, overall, arms)}
${calibrationTable(result, overall, arms)}
<details class="fold"><summary>What each metric counts</summary>${metricGlossary(result)}</details>
</section>
<section id="plots"><h2>Plots</h2>
<p class="muted">Dots are means (medians and percentiles for latency) over all cases, lines their 95 % intervals.${arms.some((arm) => arm.reference) && ' Hollow marks are yardsticks.'}</p>
${otherFigures(result, arms)}
</section>
<section id="making"><h2>How it was made</h2>${makingSection(result, arms)}</section>
${failures(result)}
<section id="cases"><h2>Every case, all answers side by side</h2>
${casesSection(result, arms)}
</section>
</main>
<footer>Made by Tandem's <code>compare</code>. All numbers above are in <code>comparison.json</code> beside this file.</footer>
<script>${raw(script)}</script>
</body></html>
`;
  return page.text;
}

function title({ verdict, arms }: ComparisonResult): string {
  const chosen = arms.find((arm) => arm.name === verdict.choice)?.label;
  if (verdict.outcome === 'better') return `Use ${chosen}`;
  if (verdict.outcome === 'only one left') return `Use ${chosen}: the only arm within your constraints`;
  if (verdict.outcome === 'no difference') return `No difference worth having: ${chosen} will do`;
  if (arms.filter((arm) => !arm.reference).length < 2) return 'One arm, nothing to choose between';
  if (verdict.leaders.length === 0 && (verdict.evidence ?? []).some(({ holds }) => holds === false))
    return 'No arm to choose within your constraints';
  return verdict.leaders.length === 0 ? 'None of these arms answers' : 'These cases cannot decide';
}

/** A number and its unit stay on one line. */
function keptTogether(text: string): string {
  return text
    .replace(/(\d) (?=%|s\b|ms\b|points?\b|to [−\d])/gu, '$1\u00a0')
    .replace(/(?<=%) (?=interval)|(?<=\bto) (?=[−\d])|(?<=\bp) (?=[<=])|(?<=[<=]) (?=\d)/gu, '\u00a0');
}

function failures(result: ComparisonResult): Html {
  if (result.failures.length === 0) return html``;
  return html`<section id="failures"><h2>Failed answers</h2>
<p>Each counts as a wrong answer of its arm.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table: failed answers"><table>
<thead><tr><th scope="col">Arm</th><th scope="col" class="words">Case</th><th scope="col" class="words">What happened</th></tr></thead>
<tbody>${result.failures.map(
    (failure) =>
      html`<tr><th scope="row">${failure.arm}</th><td class="words">${failure.caseId}</td><td class="words">${failure.message}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
