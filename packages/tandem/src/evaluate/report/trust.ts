import { counted } from '../../core/counted.ts';
import { outcomes } from '../../core/types/outcome.ts';
import { type ArmCalibration, armCalibration, type ProbabilityCalibration } from '../arm-calibration.ts';
import type { ComparisonResult, Slice } from '../comparison-result.ts';
import { formatInterval, formatValue } from '../format.ts';
import { type NotMeasured, outcomeConfusion } from '../outcome-confusion.ts';
import type { MarkedArm } from './arms.ts';
import { type Html, html } from './html.ts';

/** What became of the questions by what should have, a row for each arm and expected outcome; nothing where no answer says an outcome. */
export function outcomeTable(result: ComparisonResult, slice: Slice, arms: readonly MarkedArm[]): Html {
  const confusions = arms.map((arm) => ({ arm, confusion: outcomeConfusion(result, arm.name) }));
  if (confusions.every(({ confusion }) => 'notMeasured' in confusion)) return html``;
  const anyFailed = result.failures.length > 0;
  const columns = [...outcomes, ...(anyFailed ? (['failed'] as const) : [])];
  return html`<details class="fold"><summary>Outcomes: what became of the questions, by what should have</summary>
<p class="about">Rows: what cases expect. A case that has an answer and states no outcome expects <i>answer</i>. Columns: what became of them, in cases. <b>Bold</b>: as expected. F1 of each outcome counts once in the macro-F1, however many cases expect it.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table: outcomes"><table>
<thead><tr><th scope="col">Arm</th><th scope="col" class="words">Expected</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}<th scope="col">Macro-F1</th></tr></thead>
<tbody>${confusions.map(({ arm, confusion }) => {
    if ('notMeasured' in confusion) return notMeasured(arm, confusion, columns.length + 2);
    const rows = outcomes.flatMap((expected) => {
      const given = confusion.expected[expected];
      return given ? [{ expected, given }] : [];
    });
    return rows.map(
      ({ expected, given }, at) =>
        html`<tr class="${arm.reference ? 'yardstick' : ''}">${
          at === 0 && armHeading(arm, rows.length)
        }<td class="words">${expected}</td>${columns.map(
          (column) => html`<td class="${column === expected ? 'best' : ''}">${given[column]}</td>`,
        )}${at === 0 && html`<td rowspan="${rows.length}">${estimate(slice, arm, 'outcome-macro-f1')}</td>`}</tr>`,
    );
  })}</tbody></table></div></details>`;
}

/** Whether the probabilities that answers state are true; nothing where none states one. */
export function calibrationTable(result: ComparisonResult, slice: Slice, arms: readonly MarkedArm[]): Html {
  const rows = arms.map((arm) => ({ arm, calibration: armCalibration(result, arm.name) }));
  const isStated = ({ sufficiency, confidence, claims }: ArmCalibration) =>
    'n' in sufficiency || (confidence && 'n' in confidence) || claims.n > 0;
  if (!rows.some(({ calibration }) => isStated(calibration))) return html``;
  return html`<details class="fold"><summary>Calibration: are the stated probabilities true?</summary>
<p class="about">Sufficiency is held against whether a passage has the answer, confidence against whether the field is right. Of few cases a true probability shows an error, too: how great a one, stands beside it, with what 19 of 20 such comparisons would stay within. Probabilities of claims are on no scale of the project, and no case says of a single claim whether the sources bear it out: they are not held against anything.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table: calibration"><table>
<thead><tr><th scope="col">Arm</th><th scope="col" class="words">Probability</th><th scope="col">n</th><th scope="col">Stated, mean</th><th scope="col">Came true</th><th scope="col">Calibration error</th><th scope="col">If it were true</th><th scope="col">Brier score</th></tr></thead>
<tbody>${rows.map(({ arm, calibration: { sufficiency, confidence, claims } }) => {
    const lines: [string, string, ProbabilityCalibration | NotMeasured][] = [
      [`sufficiency${scaleOf(sufficiency)}`, 'sufficiency', sufficiency],
      ...(confidence ? [['confidence', 'confidence', confidence] as (typeof lines)[number]] : []),
      [
        claims.n > 0 ? `claims, not calibrated: ${counted(claims.n, 'claim')}` : 'claims',
        'claims',
        claims.n > 0 ? { notMeasured: claims.notMeasured } : { notMeasured: noClaims(arm, claims) },
      ],
    ];
    return lines.map(
      ([name, id, measured], at) =>
        html`<tr class="${arm.reference ? 'yardstick' : ''}">${
          at === 0 && armHeading(arm, lines.length)
        }<td class="words">${name}</td>${
          'notMeasured' in measured
            ? html`<td class="words muted" colspan="6">not measured: ${measured.notMeasured}</td>`
            : html`<td>${measured.n}</td><td>${formatValue(measured.said, 'share')}</td><td>${formatValue(measured.cameTrue, 'share')}</td><td>${estimate(slice, arm, `${id}-ece`)}</td><td>${formatValue(measured.eceIfTrue.mean, 'score')}<small>within ${formatValue(measured.eceIfTrue.most, 'score')}</small></td><td>${estimate(slice, arm, `${id}-brier`)}</td>`
        }</tr>`,
    );
  })}</tbody></table></div></details>`;
}

const noClaims = ({ retrieves }: MarkedArm, { notMeasured: why }: ArmCalibration['claims']) =>
  retrieves ? 'none was checked by a verifier' : why;

const scaleOf = (measured: ProbabilityCalibration | NotMeasured) =>
  'isCalibrated' in measured && measured.isCalibrated === false ? ', not calibrated' : '';

const armHeading = ({ label, mark }: MarkedArm, rows: number) =>
  html`<th scope="rowgroup" rowspan="${rows}"><span class="armname ${mark}">${label}</span></th>`;

function notMeasured(arm: MarkedArm, { notMeasured: why }: NotMeasured, columns: number): Html {
  return html`<tr class="${arm.reference ? 'yardstick' : ''}">${armHeading(arm, 1)}<td class="words muted" colspan="${columns}">not measured: ${why}</td></tr>`;
}

function estimate({ arms }: Slice, { name }: MarkedArm, metric: string): Html {
  const entry = arms.find((each) => each.arm === name && each.metric === metric);
  if (!entry) return html`–`;
  return html`${formatValue(entry.value, 'score')}<small>${entry.groups > 1 ? formatInterval(entry, 'score') : 'one group: no interval'}</small>`;
}
