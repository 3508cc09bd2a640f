import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import { hasBothKinds } from '../advantage.ts';
import type { ArmInfo } from '../arm.ts';
import type { ArmCost, ConstraintEvidence, Slice, Verdict } from '../comparison-result.ts';
import { capitalise, formatDifference, formatInterval, formatP, formatValue } from '../format.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { countAnswerable, weightOfUnanswerable } from '../unanswerable-weight.ts';
import { dollars } from './constraints.ts';
import type { VerdictTable } from './verdict-table.ts';
import { describeValues, differenceOf, labels, nameInText } from './wording.ts';

type Reason = Verdict['reasons'][number];

/** The pairs of arms on the primary metric: what was shown and what was not. */
export function primaryReason(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const pairs = arms.flatMap((a, i) =>
    arms.slice(i + 1).flatMap((b) => {
      const advantage = table.advantage(slice, a, b);
      return advantage ? [advantage.by >= 0 ? { a, b } : { a: b, b: a }] : [];
    }),
  );
  const shown = pairs.filter(({ a, b }) => table.beats(slice, a, b));
  const open = pairs.filter(({ a, b }) => !table.beats(slice, a, b));
  const line = ({ a, b }: (typeof pairs)[number]) => {
    const p = table.advantage(slice, a, b)!.adjustedP;
    const advantage = table.advantage(slice, a, b)!;
    const { unit } = table.primary;
    return `${a.label} over ${b.label} by ${formatDifference(advantage.by, unit)} (${formatInterval(advantage, unit)}${p === undefined ? '' : `, ${formatP(p)}`})`;
  };
  return [
    `The choice rests on "${table.primary.name}". ${table.metric(table.primary.id)!.description} ${table.result.primary.why}`,
    joinSentence(table, slice),
    shown.length > 0
      ? `Shown: ${shown.map(line).join('; ')}.`
      : 'No arm was shown to do better than another.',
    shown.length > 0 && open.length > 0 ? `Not shown: ${open.map(line).join('; ')}.` : '',
    shown.length === 0 && open.length > 0 ? `Seen: ${open.map(line).join('; ')}.` : '',
    pairs.length > 1
      ? `In brackets the 95 % interval; p-values are Holm's over these ${pairs.length} pairs.`
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** What cases with and without an answer count for. */
function joinSentence({ result, primary }: VerdictTable, slice: Slice): string {
  if (!hasBothKinds(slice, primary)) return '';
  const counts = countAnswerable(result.cases.map((record) => record.case));
  const { unanswerableWeight: asked } = result.options;
  const weight = weightOfUnanswerable(counts, asked);
  const percent = (share: number) => formatValue(share, 'share');
  const less =
    weight < asked
      ? ` (${percent(asked)} as compare.unanswerableWeight says, but no one of so few counts for more than two others)`
      : ' (compare.unanswerableWeight)';
  return `Of it ${percent(1 - weight)} is the share of right answers to the ${counted(counts.answerable, 'question')} that the sources answer, and ${percent(weight)} the share of refusals of the ${counts.unanswerable} that they do not${less}.`;
}

/** Where the arm named is shown better than all the others, and where some other is shown better than it. */
export function otherMeasuresReason(
  table: VerdictTable,
  slice: Slice,
  arm: ArmInfo | undefined,
  arms: readonly ArmInfo[],
): string {
  const others = arms.filter((other) => other !== arm);
  if (!arm || others.length === 0) return '';
  const tested = table.result.metrics.filter(
    (metric) =>
      metric.id !== table.primary.id &&
      metric.direction !== 'none' &&
      metric.family !== 'Cost' &&
      others.some((other) => table.advantage(slice, arm, other, metric)?.adjustedP !== undefined),
  );
  const better: string[] = [];
  const worse: string[] = [];
  const neither: string[] = [];
  for (const metric of tested) {
    const comparable = others.filter((other) => table.advantage(slice, arm, other, metric));
    const beaten = comparable.filter((other) => table.beats(slice, arm, other, metric));
    const ahead = comparable.filter((other) => table.beats(slice, other, arm, metric));
    if (ahead.length > 0)
      worse.push(`${nameInText(metric)} (${describeValues(table, slice, [arm, ...ahead], true, metric)})`);
    if (beaten.length > 0)
      better.push(
        `${nameInText(metric)} (${beaten.length === comparable.length && comparable.length > 1 ? 'than all' : `than ${labels(beaten)}`})`,
      );
    if (ahead.length + beaten.length === 0) neither.push(nameInText(metric));
  }
  return [
    better.length > 0 ? `${capitalise(arm.label)} is also better on: ${better.join('; ')}.` : '',
    worse.length > 0 ? `It is worse on: ${worse.join('; ')}.` : '',
    neither.length > 0 ? `No difference from any other arm was found on: ${neither.join('; ')}.` : '',
    tested.length > 0 ? "p-values of these are Holm's over all of them and all pairs." : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** Whether the arm is shown to be worth more than each cheap alternative. */
export function yardsticksReason(table: VerdictTable, slice: Slice, arm: ArmInfo | undefined): string {
  if (!arm) return '';
  return table.result.arms
    .filter((reference) => reference.reference)
    .map((reference) => {
      const value = describeValues(table, slice, [reference], false);
      if (table.beats(slice, arm, reference))
        return `${capitalise(reference.label)} (${value}): ${arm.label} does better by ${differenceOf(table, slice, arm, reference)}.`;
      if (table.beats(slice, reference, arm))
        return `${capitalise(reference.label)} (${value}) does better than ${arm.label} by ${differenceOf(table, slice, reference, arm)}: it is cheaper and should be used instead, or the arms mended first.`;
      const advantage = table.advantage(slice, arm, reference);
      return advantage
        ? `${capitalise(reference.label)} (${value}): no difference from ${arm.label} was found (${formatInterval(advantage, table.primary.unit)}${table.primary.unit === 'share' ? ' points' : ''}), so ${arm.label} is not shown to be worth more than this cheap alternative.`
        : '';
    })
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** Each arm against each constraint, one line each; no reason where none is set. */
export function constraintsReason(evidence: readonly ConstraintEvidence[]): Reason {
  const broken = new Set(evidence.filter(({ holds }) => holds === false).map(({ arm }) => arm)).size;
  const text = broken > 0 ? 'An arm that breaks one is compared and not chosen.' : 'No arm breaks one.';
  const signs = new Map([
    [true, 'kept'],
    [false, 'BROKEN'],
    [null, 'open'],
  ]);
  return {
    title: 'Your constraints',
    text: evidence.length > 0 ? text : '',
    lines: evidence.map(({ holds, sentence }) => `${signs.get(holds)}: ${sentence}`),
  };
}

/** Tokens and latency of a question, which arms need an adapter, and what each costs a month where a volume is stated. */
export function costsReason(
  table: VerdictTable,
  slice: Slice,
  arms: readonly ArmInfo[],
  costs: readonly ArmCost[],
): Reason {
  const sentences = ['prompt-tokens', 'latency'].flatMap((id) => {
    const metric = table.metric(id);
    const known = metric && arms.filter((arm) => table.value(slice, arm, metric));
    if (!metric || !known || known.length === 0) return [];
    const cases = table.value(slice, known[0]!, metric)!.cases;
    return [
      `${metric.name} a question${metric.pass === 'latency' ? ` (${counted(cases, 'case')}, one at a time)` : ''}: ${describeValues(table, slice, known, true, metric)}.`,
    ];
  });
  const trained = arms.filter((arm) => arm.trained);
  if (trained.length > 0)
    sentences.push(
      `${capitalise(labels(trained))} ${trained.length > 1 ? 'need' : 'needs'} an adapter that has to be trained again when the model or the format changes.`,
    );
  const labelOf = (name: string) => arms.find((arm) => arm.name === name)!.label;
  return {
    title: 'Costs',
    text: sentences.join(' '),
    ...(costs.length > 0 && {
      lines: costs.map(
        ({ arm, total, perQuestion, basis }) =>
          `${labelOf(arm)}: ${dollars(total)} a month at ${table.result.constraints!.questionsPerMonth!.toLocaleString('en')} questions, $${perQuestion.toPrecision(2)} each: ${basis}.`,
      ),
    }),
  };
}

/** How much these cases could have shown, and which answers failed. */
export function limitsReason(table: VerdictTable, slice: Slice, arms: readonly ArmInfo[]): string {
  const { result } = table;
  const smallest = arms.flatMap((a, i) =>
    arms.slice(i + 1).flatMap((b) => table.advantage(slice, a, b)?.minimalDetectable ?? []),
  );
  const failed = result.arms.flatMap((arm) => {
    const count = result.failures.filter((failure) => failure.arm === arm.name).length;
    return count > 0 ? [`${arm.label} ${count}`] : [];
  });
  return [
    `${counted(slice.cases, 'case')} about ${counted(slice.groups, 'group')}; cases of one group are not independent, so intervals resample groups and tests swap whole groups.`,
    smallest.length > 0
      ? `The smallest true difference that this many would have shown, four times in five and for one comparison alone: ${range(smallest, table.primary)}.`
      : '',
    smallest.length > 0
      ? 'How many groups would do is computed from how much the arms differed here (docs/compare.md has the formula).'
      : '',
    `A difference below ${formatDifference(result.worthHaving, table.primary.unit)} counts as not worth having.`,
    failed.length > 0
      ? `Answers that failed count as wrong: ${listed(failed)} of ${slice.cases} each; they are listed below.`
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function range(differences: readonly number[], { unit }: MetricInfo): string {
  const [least, most] = [Math.min(...differences), Math.max(...differences)].map((d) =>
    formatDifference(d, unit),
  );
  return least === most ? least! : `between ${least} and ${most}, depending on the pair`;
}
