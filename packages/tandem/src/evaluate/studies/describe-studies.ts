import { counted } from '../../core/counted.ts';
import { listed } from '../../core/listed.ts';
import type { ComparisonResult, Estimate, Verdict } from '../comparison-result.ts';
import { capitalise, formatDifference, formatInterval, formatValue } from '../format.ts';
import type { ArmShift, ForgettingStudy, FreshnessStudy, RobustnessStudy } from './study.ts';

type Reason = Verdict['reasons'][number];

/** What the studies showed, one reason each, for the terminal and the report. */
export function studyReasons({ studies, arms }: Pick<ComparisonResult, 'studies' | 'arms'>): Reason[] {
  if (!studies) return [];
  const labelOf = (name: string) => arms.find((arm) => arm.name === name)?.label ?? name;
  const { freshness, forgetting, robustness, notMade } = studies;
  return [
    ...(freshness ? [describeFreshness(freshness, labelOf)] : []),
    ...(forgetting ? [describeForgetting(forgetting)] : []),
    ...(robustness ? [describeRobustness(robustness, labelOf)] : []),
    ...notMade.map(({ study, why }) => ({
      title: capitalise(study),
      text: `Not studied: ${why}.`,
      lines: [],
    })),
  ];
}

/** With fewer an interval is nearly as wide as all there is. */
const fewFacts = 20;

function describeFreshness(
  { facts, documents, secondsToFresh, arms }: FreshnessStudy,
  labelOf: (name: string) => string,
): Reason {
  const [example] = facts;
  return {
    title: 'Freshness',
    text: `${counted(facts.length, 'fact')} of ${counted(documents, 'document')} ${facts.length === 1 ? 'was' : 'were'} changed in a copy of the sources (${example!.from} to ${example!.to}, for one), and the index had ${facts.length === 1 ? 'it' : 'them'} after ${formatValue(secondsToFresh * 1000, 'ms')}. For each arm: its share of right answers before and after the change, and the share of answers that still give the old value.${facts.length < fewFacts ? ` With ${counted(facts.length, 'fact')} only a large change would be noticed.` : ''}`,
    lines: arms.map(
      (arm) => `${labelOf(arm.arm)}: ${fromTo(arm)}; the old value after it: ${share(arm.old)}.`,
    ),
  };
}

function describeForgetting({ families, overall }: ForgettingStudy): Reason {
  const counting = families.filter(({ counts }) => counts);
  const others = families.filter(({ counts }) => !counts).map(({ name }) => name.toLowerCase());
  const outside =
    others.length > 0
      ? ` Left out, because the model without the adapter is not shown to do better than guessing: ${listed(others)}.`
      : '';
  if (!overall)
    return {
      title: 'Forgetting',
      text: `In none of ${families.length} kinds of general tasks does the model do better than guessing, so nothing can be said to be forgotten.`,
    };
  const { value, low, high } = overall.difference;
  const verdict =
    high < 0
      ? `Training made the model worse at general tasks by ${formatDifference(value, 'share')}`
      : low > 0
        ? `Training made the model better at general tasks by ${formatDifference(value, 'share')}`
        : 'Training is not shown to have made the model worse at general tasks';
  return {
    title: 'Forgetting',
    text: `${verdict} (${interval(overall.difference)} points; ${counted(overall.before.cases, 'question')}). Right choices without the adapter and with it:${outside}`,
    lines: counting.map(
      (family) =>
        `${family.name}: ${share(family.base)} to ${share(family.tuned)} (difference ${interval(family.difference)} points, n ${family.base.cases}; guessing gives ${formatValue(family.chance, 'share')}).`,
    ),
  };
}

function describeRobustness(
  { cases, changes, wordings }: RobustnessStudy,
  labelOf: (name: string) => string,
): Reason {
  const hurt = changes.flatMap(({ description, arms }) =>
    arms
      .filter(({ difference, adjustedP }) => difference.high < 0 && adjustedP <= 0.05)
      .map(({ arm }) => `${labelOf(arm)} (${description})`),
  );
  return {
    title: 'Robustness',
    text: `${counted(cases, 'question')} asked again with what should not matter changed. ${hurt.length > 0 ? `Shown to have fewer right answers (p ≤ .05 after Holm over all of these): ${listed(hurt)}.` : `No arm is shown to have fewer right answers; with ${counted(cases, 'question')} only a large loss would be noticed.`}${wordings === undefined ? '' : ` ${wordings}`}`,
    lines: changes.flatMap(({ description, arms }) =>
      arms.map((arm) => `${labelOf(arm.arm)}, ${description}: ${fromTo(arm)}.`),
    ),
  };
}

const interval = (estimate: Estimate) => formatInterval(estimate, 'share');
const share = (estimate: Estimate) => `${formatValue(estimate.value, 'share')} (${interval(estimate)})`;

function fromTo({ before, after, difference }: ArmShift): string {
  return `${formatValue(before.value, 'share')} to ${formatValue(after.value, 'share')} (difference ${interval(difference)} points, n ${before.cases})`;
}
