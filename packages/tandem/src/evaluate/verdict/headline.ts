import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import type { ArmInfo } from '../arm.ts';
import type { ConstraintEvidence, Slice } from '../comparison-result.ts';
import { capitalise, formatValue } from '../format.ts';
import { headSentence } from './head.ts';
import { openArms, undecidedSentence } from './undecided.ts';
import type { Standing, VerdictTable } from './verdict-table.ts';
import { describeValues, differenceOf, enoughGroups, labels } from './wording.ts';

/** What the report says first: the arm to use, how sure that is, and what speaks against it. */
export function writeHeadline(
  table: VerdictTable,
  slice: Slice,
  given: {
    /** Those that keep to the constraints. */
    arms: readonly ArmInfo[];
    /** Those that break one. */
    out: readonly ArmInfo[];
    standing: Standing;
    choice: ArmInfo | undefined;
    kinds: readonly { slice: Slice; standing: Standing }[];
    evidence: readonly ConstraintEvidence[];
  },
): string {
  const { standing, choice, kinds, arms, out } = given;
  const habits = [...arms, ...out].flatMap((arm) =>
    (table.habits.get(arm.name) ?? []).map(({ sentence }) => sentence),
  );
  if (arms.length + out.length === 0)
    return 'Nothing to choose between: only yardsticks were compared, which answer a part of what the cases ask for.';
  if (arms.length === 0)
    return `No arm keeps to your constraints: ${out.map((arm) => brokenBy(arm, given.evidence)).join('; ')}. ${capitalise(describeValues(table, slice, out))}.`;
  if (arms.length + out.length < 2) {
    return [
      `Nothing to choose between: ${labels(arms)} was the only arm compared. ${capitalise(describeValues(table, slice, arms))}.`,
      ...habits,
    ].join(' ');
  }
  const sentences: string[] = [];
  if (standing.leaders.length === 0) {
    sentences.push(
      `None of these arms answers its questions: ${describeValues(table, slice, standing.beaten)}.`,
      ...habits,
    );
  } else if (standing.outcome === 'only one left') {
    sentences.push(
      `Use ${choice!.label}: it is the only arm that keeps to your constraints, which is no word on its answers. ${capitalise(table.primary.name)}: ${describeValues(table, slice, [choice!, ...out])}.`,
      ...habits,
    );
  } else if (standing.outcome === 'better') {
    const leader = standing.leaders[0]!;
    sentences.push(
      `Use ${leader.label}: it does better than ${standing.beaten.length > 1 ? 'every other arm' : labels(standing.beaten)}. ${capitalise(table.primary.name)}: ${describeValues(table, slice, [leader, standing.beaten[0]!])}, a difference of ${differenceOf(table, slice, leader, standing.beaten[0]!)}.`,
      ...habits,
    );
  } else {
    sentences.push(
      standing.outcome === 'no difference'
        ? `No difference worth having was found between ${labels(standing.leaders)}: ${describeValues(table, slice, standing.leaders)}.`
        : [
            undecidedSentence(table, slice, standing),
            enoughGroups(table, slice, openArms(table, slice, standing)),
          ]
            .filter(Boolean)
            .join(' '),
      ...habits,
    );
    const clear = standing.beaten.filter((arm) =>
      standing.leaders.every((leader) => table.beats(slice, leader, arm)),
    );
    if (clear.length > 0) {
      sentences.push(
        `${subjectOf(standing.leaders)} better than ${labels(clear)} (${describeValues(table, slice, clear)}).`,
      );
    }
    const some = standing.beaten.filter((arm) => !clear.includes(arm));
    for (const arm of some) {
      const over = standing.leaders.filter((leader) => table.beats(slice, leader, arm));
      if (over.length > 0)
        sentences.push(
          `${capitalise(arm.label)} (${describeValues(table, slice, [arm], false)}) is beaten by ${labels(over)}.`,
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
  if (out.length > 0) sentences.push(...leftOut(table, slice, given));
  for (const { slice: part, standing: own } of kinds) {
    const against = choice && own.leaders.filter((arm) => table.beats(part, arm, choice));
    if (against && against.length > 0)
      sentences.push(
        `On the kind "${part.kind}", though, ${labels(against)} does better than ${choice.label}.`,
      );
  }
  if (choice) sentences.push(...unbeatenYardsticks(table, slice, choice));
  const ofHead = headSentence(table, slice, arms);
  if (ofHead !== '') sentences.push(ofHead);
  const best = choice && table.value(slice, choice);
  if (best && table.primary.unit === 'share' && table.primary.direction === 'higher' && best.value < 0.5) {
    sentences.push(
      `Even so, its value is only ${formatValue(best.value, 'share')}: best of these arms does not mean good enough.`,
    );
  }
  return sentences.join(' ');
}

/** Which constraint each arm breaks, and whether that cost quality. */
function leftOut(
  table: VerdictTable,
  slice: Slice,
  {
    out,
    choice,
    evidence,
  }: { out: readonly ArmInfo[]; choice: ArmInfo | undefined; evidence: readonly ConstraintEvidence[] },
): string[] {
  const better = choice ? out.filter((arm) => table.beats(slice, arm, choice)) : [];
  return [
    `Not chosen by your constraints: ${out.map((arm) => brokenBy(arm, evidence)).join('; ')}.`,
    ...(better.length > 0
      ? [
          `${capitalise(labels(better))} (${describeValues(table, slice, better, better.length > 1)}) would do better than ${choice!.label}.`,
        ]
      : []),
  ];
}

/** `hybrid breaks p95Seconds and mustCite`. */
function brokenBy({ name, label }: ArmInfo, evidence: readonly ConstraintEvidence[]): string {
  const broken = evidence.filter(({ arm, holds }) => arm === name && holds === false);
  return `${label} breaks ${listed(broken.map(({ constraint }) => constraint))}`;
}

/** A choice that a cheap alternative equals must not be read without it. */
function unbeatenYardsticks(table: VerdictTable, slice: Slice, choice: ArmInfo): string[] {
  const references = table.result.arms.filter((arm) => arm.reference && table.advantage(slice, choice, arm));
  const ahead = references.filter((reference) => table.beats(slice, reference, choice));
  const level = references.filter(
    (reference) => !ahead.includes(reference) && !table.beats(slice, choice, reference),
  );
  return [
    ...(ahead.length > 0
      ? [
          `But ${labels(ahead)} (${describeValues(table, slice, ahead, ahead.length > 1)}), only ${ahead.length > 1 ? 'yardsticks' : 'a yardstick'} here, ${ahead.length > 1 ? 'do' : 'does'} better than ${choice.label}.`,
        ]
      : []),
    ...(level.length > 0
      ? [
          `But ${choice.label} is not shown to do better than ${labels(level)} (${describeValues(table, slice, level, level.length > 1)}), which ${level.length > 1 ? 'are' : 'is'} cheaper and only ${level.length > 1 ? 'yardsticks' : 'a yardstick'} here.`,
        ]
      : []),
  ];
}

/** The same in one or two sentences for one kind of question. */
export function sentenceForKind(
  table: VerdictTable,
  slice: Slice,
  standing: Standing,
  arms: readonly ArmInfo[],
): string {
  const size = `${counted(slice.cases, 'case')}, ${counted(slice.groups, 'group')}`;
  const { leaders, beaten } = standing;
  if (arms.length < 2 || leaders.length === 0) return `${size}: ${describeValues(table, slice, arms)}.`;
  if (standing.outcome === 'better') {
    return `${capitalise(leaders[0]!.label)} does better than ${beaten.length > 1 ? 'every other arm' : labels(beaten)}: ${describeValues(table, slice, [leaders[0]!, beaten[0]!])}, a difference of ${differenceOf(table, slice, leaders[0]!, beaten[0]!)} (${size}).`;
  }
  const clear = beaten.filter((arm) => leaders.every((leader) => table.beats(slice, leader, arm)));
  const rest =
    clear.length > 0
      ? ` ${subjectOf(leaders)} better than ${labels(clear)} (${describeValues(table, slice, clear)}).`
      : '';
  const start =
    standing.outcome === 'no difference'
      ? `No difference worth having between ${labels(leaders)}: ${describeValues(table, slice, leaders)} (${size}).`
      : undecidedSentence(table, slice, standing);
  return `${start}${rest}`;
}

function subjectOf(leaders: readonly ArmInfo[]): string {
  if (leaders.length === 1) return `${capitalise(leaders[0]!.label)} does`;
  return leaders.length === 2 ? 'Both do' : 'All of them do';
}

/** What the yardsticks reach on this slice; empty where there are none. */
export function yardstickSentence(table: VerdictTable, slice: Slice): string {
  const references = table.result.arms.filter((arm) => arm.reference && table.value(slice, arm));
  if (references.length === 0) return '';
  return ` ${references.length > 1 ? 'Yardsticks' : 'Yardstick'}: ${describeValues(table, slice, references)}.`;
}
