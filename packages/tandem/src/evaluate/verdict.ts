import { counted } from '../core/counted.ts';
import { advantageOf, shownBetter } from './advantage.ts';
import { formatDifference, formatInterval, formatP, formatValue, listed } from './format.ts';
import type { ArmInfo, ArmMetric, ComparisonResult, MetricInfo, Slice, Verdict } from './types.ts';

type Undecided = Omit<ComparisonResult, 'verdict'>;

/**
 * Turns the numbers into a choice, whichever arm they favour. An arm is called better than another only when the paired
 * test on the primary metric says so after Holm *and* the interval of their difference excludes zero on that side. One arm
 * that is better than every other is the choice. Where several lead, the cheapest of them is the choice if a difference
 * worth having is ruled out or would have been found; else the cases are too few, and there is no choice. Reference rows
 * are compared against and never chosen.
 */
export function decideVerdict(result: Undecided): Verdict {
  const table = new Table(result);
  const arms = result.arms.filter((arm) => !arm.reference);
  const overall = result.slices.find((slice) => slice.kind === null)!;
  const standing = stand(table, overall, arms);
  const kinds = result.slices
    .filter((slice) => slice.kind !== null)
    .map((slice) => ({ slice, standing: stand(table, slice, arms) }));
  const choice =
    standing.outcome === 'better'
      ? standing.leaders[0]
      : standing.outcome === 'no difference'
        ? cheapest(table, overall, standing.leaders)
        : undefined;

  const reasons = [
    { title: table.primary.name, text: primaryReason(table, overall, arms) },
    { title: 'Other measures', text: otherMeasures(table, overall, choice ?? standing.leaders[0], arms) },
    { title: 'Yardsticks', text: yardsticks(table, overall, choice ?? standing.leaders[0]) },
    { title: 'Costs', text: costs(table, overall, arms) },
    { title: 'Limits', text: limits(table, overall, arms) },
  ].filter((reason) => reason.text !== '');

  return {
    firstLine: `Measured on ${subjectName(result)}. What follows holds for this model; a larger one may reverse it.`,
    outcome: standing.outcome,
    ...(choice && { choice: choice.name }),
    leaders: standing.leaders.map((arm) => arm.name),
    headline: headline(table, overall, { arms, standing, choice, kinds }),
    reasons,
    kinds: kinds.map(({ slice, standing: own }) => ({
      kind: slice.kind!,
      outcome: own.outcome,
      leaders: own.leaders.map((arm) => arm.name),
      text: `${kindText(table, slice, own, arms)}${yardstickValues(table, slice)}`,
    })),
    claims: table.claims,
  };
}

interface Standing {
  outcome: Verdict['outcome'];
  /** Arms that none was shown to beat, best value first. */
  leaders: ArmInfo[];
  /** The other arms, best value first. */
  beaten: ArmInfo[];
}

/** Looks numbers up and remembers what it called better. */
class Table {
  readonly result: Undecided;
  readonly primary: MetricInfo;
  readonly claims: Verdict['claims'] = [];

  constructor(result: Undecided) {
    this.result = result;
    this.primary = result.metrics.find((metric) => metric.id === result.primary.metric)!;
  }

  metric(id: string): MetricInfo | undefined {
    return this.result.metrics.find((metric) => metric.id === id);
  }

  value(slice: Slice, arm: ArmInfo, metric = this.primary): ArmMetric | undefined {
    return slice.arms.find((entry) => entry.arm === arm.name && entry.metric === metric.id);
  }

  advantage(slice: Slice, a: ArmInfo, b: ArmInfo, metric = this.primary) {
    return advantageOf(slice, metric, a.name, b.name);
  }

  /** Shown better; from here on one of the verdict's claims. */
  beats(slice: Slice, a: ArmInfo, b: ArmInfo, metric = this.primary): boolean {
    const shown = shownBetter(this.advantage(slice, a, b, metric));
    if (shown) this.#claim({ metric: metric.id, better: a.name, than: b.name, kind: slice.kind });
    return shown;
  }

  #claim(claim: Verdict['claims'][number]): void {
    const known = this.claims.some(
      (other) =>
        other.metric === claim.metric &&
        other.better === claim.better &&
        other.than === claim.than &&
        other.kind === claim.kind,
    );
    if (!known) this.claims.push(claim);
  }
}

function stand(table: Table, slice: Slice, arms: readonly ArmInfo[]): Standing {
  const sign = table.primary.direction === 'lower' ? -1 : 1;
  const rank = (arm: ArmInfo) => sign * (table.value(slice, arm)?.value ?? Number.NEGATIVE_INFINITY);
  const ordered = [...arms].sort((a, b) => rank(b) - rank(a));
  const leaders = ordered.filter((arm) => !ordered.some((other) => table.beats(slice, other, arm)));
  const beaten = ordered.filter((arm) => !leaders.includes(arm));
  const alone = leaders.length === 1 && beaten.every((arm) => table.beats(slice, leaders[0]!, arm));
  if (alone && arms.length > 1) return { outcome: 'better', leaders, beaten };

  const worth = table.result.worthHaving;
  const settled =
    leaders.length > 1 &&
    leaders.slice(1).every((other) => {
      const advantage = table.advantage(slice, leaders[0]!, other);
      return advantage && (advantage.minimalDetectable <= worth || advantage.high < worth);
    });
  return { outcome: settled ? 'no difference' : 'undecided', leaders, beaten };
}

/** Least to keep up: no adapter before an adapter, then fewer prompt tokens. */
function cheapest(table: Table, slice: Slice, arms: readonly ArmInfo[]): ArmInfo | undefined {
  const tokens = table.metric('prompt-tokens');
  const cost = (arm: ArmInfo) => (tokens ? (table.value(slice, arm, tokens)?.value ?? 0) : 0);
  return [...arms].sort((a, b) => Number(a.trained) - Number(b.trained) || cost(a) - cost(b))[0];
}

function headline(
  table: Table,
  slice: Slice,
  given: {
    arms: readonly ArmInfo[];
    standing: Standing;
    choice: ArmInfo | undefined;
    kinds: readonly { slice: Slice; standing: Standing }[];
  },
): string {
  const { standing, choice, kinds, arms } = given;
  if (arms.length < 2) {
    return `Nothing to choose between: ${labels(arms)} was the only arm compared. ${capitalised(said(table, slice, arms))}.`;
  }
  const sentences: string[] = [];
  if (standing.outcome === 'better') {
    const leader = standing.leaders[0]!;
    sentences.push(
      `Use ${leader.label}: it does better than ${standing.beaten.length > 1 ? 'every other arm' : labels(standing.beaten)}. ${capitalised(table.primary.name)}: ${said(table, slice, [leader, standing.beaten[0]!])}, a difference of ${differenceOf(table, slice, leader, standing.beaten[0]!)}.`,
    );
  } else {
    const between = `between ${labels(standing.leaders)}`;
    sentences.push(
      standing.outcome === 'no difference'
        ? `No difference worth having was found ${between}: ${said(table, slice, standing.leaders)}.`
        : `So few cases cannot decide ${between}: ${said(table, slice, standing.leaders)}; ${detectable(table, slice, standing.leaders)}.`,
    );
    const clear = standing.beaten.filter((arm) =>
      standing.leaders.every((leader) => table.beats(slice, leader, arm)),
    );
    if (clear.length > 0) {
      sentences.push(
        `${standing.leaders.length === 2 ? 'Both do' : 'All of them do'} better than ${labels(clear)} (${said(table, slice, clear)}).`,
      );
    }
    const some = standing.beaten.filter((arm) => !clear.includes(arm));
    for (const arm of some) {
      const over = standing.leaders.filter((leader) => table.beats(slice, leader, arm));
      if (over.length > 0)
        sentences.push(
          `${capitalised(arm.label)} (${said(table, slice, [arm], false)}) is beaten by ${labels(over)}.`,
        );
    }
    if (choice) {
      sentences.push(
        `Use ${choice.label}, which is the least to keep up of these${
          choice.trained ? '' : standing.leaders.some((arm) => arm.trained) ? ' (it needs no adapter)' : ''
        }: that is a choice by cost, not by quality.`,
      );
    }
  }
  for (const { slice: part, standing: own } of kinds) {
    const against = choice && own.leaders.filter((arm) => table.beats(part, arm, choice));
    if (against && against.length > 0)
      sentences.push(
        `On the kind "${part.kind}", though, ${labels(against)} does better than ${choice.label}.`,
      );
  }
  if (choice) sentences.push(...unbeatenYardsticks(table, slice, choice));
  const best = choice && table.value(slice, choice);
  if (best && table.primary.unit === 'share' && table.primary.direction === 'higher' && best.value < 0.5) {
    sentences.push(
      `Even so, its value is only ${formatValue(best.value, 'share')}: best of these arms does not mean good enough.`,
    );
  }
  return sentences.join(' ');
}

/** A choice that a cheap alternative equals must not be read without it. */
function unbeatenYardsticks(table: Table, slice: Slice, choice: ArmInfo): string[] {
  const references = table.result.arms.filter((arm) => arm.reference && table.advantage(slice, choice, arm));
  const ahead = references.filter((reference) => table.beats(slice, reference, choice));
  const level = references.filter(
    (reference) => !ahead.includes(reference) && !table.beats(slice, choice, reference),
  );
  return [
    ...(ahead.length > 0
      ? [
          `But ${labels(ahead)} (${said(table, slice, ahead, ahead.length > 1)}), only ${ahead.length > 1 ? 'yardsticks' : 'a yardstick'} here, ${ahead.length > 1 ? 'do' : 'does'} better than ${choice.label}.`,
        ]
      : []),
    ...(level.length > 0
      ? [
          `But ${choice.label} is not shown to do better than ${labels(level)} (${said(table, slice, level, level.length > 1)}), which ${level.length > 1 ? 'are' : 'is'} cheaper and only ${level.length > 1 ? 'yardsticks' : 'a yardstick'} here.`,
        ]
      : []),
  ];
}

function kindText(table: Table, slice: Slice, standing: Standing, arms: readonly ArmInfo[]): string {
  const size = `${counted(slice.cases, 'case')}, ${counted(slice.groups, 'group')}`;
  const { leaders, beaten } = standing;
  if (arms.length < 2) return `${size}: ${said(table, slice, arms)}.`;
  if (standing.outcome === 'better') {
    return `${capitalised(leaders[0]!.label)} does better than ${beaten.length > 1 ? 'every other arm' : labels(beaten)}: ${said(table, slice, [leaders[0]!, beaten[0]!])}, a difference of ${differenceOf(table, slice, leaders[0]!, beaten[0]!)} (${size}).`;
  }
  const clear = beaten.filter((arm) => leaders.every((leader) => table.beats(slice, leader, arm)));
  const rest =
    clear.length > 0
      ? ` ${leaders.length === 2 ? 'Both do' : 'All of them do'} better than ${labels(clear)} (${said(table, slice, clear)}).`
      : '';
  const start =
    standing.outcome === 'no difference'
      ? `No difference worth having between ${labels(leaders)}: ${said(table, slice, leaders)} (${size})`
      : `So few cases cannot decide between ${labels(leaders)}: ${said(table, slice, leaders)}; ${detectable(table, slice, leaders)}`;
  return `${start}.${rest}`;
}

function yardstickValues(table: Table, slice: Slice): string {
  const references = table.result.arms.filter((arm) => arm.reference && table.value(slice, arm));
  if (references.length === 0) return '';
  return ` ${references.length > 1 ? 'Yardsticks' : 'Yardstick'}: ${said(table, slice, references)}.`;
}

function primaryReason(table: Table, slice: Slice, arms: readonly ArmInfo[]): string {
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

/** Where the arm named is shown better than all the others, and where some other is shown better than it. */
function otherMeasures(
  table: Table,
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
    if (ahead.length > 0) worse.push(`${metric.name} (${said(table, slice, [arm, ...ahead], true, metric)})`);
    if (beaten.length > 0)
      better.push(
        `${metric.name} (${beaten.length === comparable.length && comparable.length > 1 ? 'than all' : `than ${labels(beaten)}`})`,
      );
    if (ahead.length + beaten.length === 0) neither.push(metric.name);
  }
  return [
    better.length > 0 ? `${capitalised(arm.label)} is also better on: ${better.join('; ')}.` : '',
    worse.length > 0 ? `It is worse on: ${worse.join('; ')}.` : '',
    neither.length > 0 ? `No difference from any other arm was found on: ${neither.join('; ')}.` : '',
    tested.length > 0 ? "p-values of these are Holm's over all of them and all pairs." : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function yardsticks(table: Table, slice: Slice, arm: ArmInfo | undefined): string {
  if (!arm) return '';
  return table.result.arms
    .filter((reference) => reference.reference)
    .map((reference) => {
      const value = said(table, slice, [reference], false);
      if (table.beats(slice, arm, reference))
        return `${capitalised(reference.label)} (${value}): ${arm.label} does better by ${differenceOf(table, slice, arm, reference)}.`;
      if (table.beats(slice, reference, arm))
        return `${capitalised(reference.label)} (${value}) does better than ${arm.label} by ${differenceOf(table, slice, reference, arm)}: it is cheaper and should be used instead, or the arms mended first.`;
      const advantage = table.advantage(slice, arm, reference);
      return advantage
        ? `${capitalised(reference.label)} (${value}): no difference from ${arm.label} was found (${formatInterval(advantage, table.primary.unit)}${table.primary.unit === 'share' ? ' points' : ''}), so ${arm.label} is not shown to be worth more than this cheap alternative.`
        : '';
    })
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function costs(table: Table, slice: Slice, arms: readonly ArmInfo[]): string {
  const sentences = ['prompt-tokens', 'latency'].flatMap((id) => {
    const metric = table.metric(id);
    const known = metric && arms.filter((arm) => table.value(slice, arm, metric));
    if (!metric || !known || known.length === 0) return [];
    const cases = table.value(slice, known[0]!, metric)!.cases;
    return [
      `${metric.name} a question${metric.pass === 'latency' ? ` (${counted(cases, 'case')}, one at a time)` : ''}: ${said(table, slice, known, true, metric)}.`,
    ];
  });
  const trained = arms.filter((arm) => arm.trained);
  if (trained.length > 0)
    sentences.push(
      `${capitalised(labels(trained))} ${trained.length > 1 ? 'need' : 'needs'} an adapter that has to be trained again when the model or the format changes.`,
    );
  return sentences.join(' ');
}

function limits(table: Table, slice: Slice, arms: readonly ArmInfo[]): string {
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
    `A difference below ${formatDifference(result.worthHaving, table.primary.unit)} counts as not worth having.`,
    failed.length > 0
      ? `Answers that failed count as wrong: ${listed(failed)} of ${slice.cases} each; they are listed below.`
      : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** `hybrid 61 %, rag 47 %`; without names `61 %`. */
function said(
  table: Table,
  slice: Slice,
  arms: readonly ArmInfo[],
  named = true,
  metric = table.primary,
): string {
  return arms
    .map((arm) => {
      const value = table.value(slice, arm, metric);
      const text = value ? formatValue(value.value, metric.unit) : 'no value';
      return named ? `${arm.label} ${text}` : text;
    })
    .join(', ');
}

/** `14 points (95 % interval 8 to 20)` by which `a` is better than `b`. */
function differenceOf(table: Table, slice: Slice, a: ArmInfo, b: ArmInfo): string {
  const advantage = table.advantage(slice, a, b)!;
  const { unit } = table.primary;
  return `${formatDifference(advantage.by, unit)} (95 % interval ${formatInterval(advantage, unit)})`;
}

function detectable(table: Table, slice: Slice, arms: readonly ArmInfo[]): string {
  const needed = arms.slice(1).map((arm) => table.advantage(slice, arms[0]!, arm)?.minimalDetectable ?? 0);
  return `${counted(slice.cases, 'case')} about ${counted(slice.groups, 'group')} show only differences of about ${formatDifference(Math.max(0, ...needed), table.primary.unit)} or more`;
}

function range(differences: readonly number[], { unit }: MetricInfo): string {
  const [least, most] = [Math.min(...differences), Math.max(...differences)].map((d) =>
    formatDifference(d, unit),
  );
  return least === most ? least! : `between ${least} and ${most}, depending on the pair`;
}

function labels(arms: readonly ArmInfo[]): string {
  return listed(arms.map((arm) => arm.label));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function subjectName({ subject }: Undecided): string {
  return subject.parameters ? `${subject.model} (${subject.parameters} parameters)` : subject.model;
}
