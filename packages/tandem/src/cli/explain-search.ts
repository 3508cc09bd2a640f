import { listed } from '../core/listed.ts';
import type { Shares } from '../retrieve/fuse/shares.ts';
import type { Explanation, Retrieval } from '../retrieve/retrieval.ts';
import { signalNames } from '../retrieve/signals/signals.ts';

type Told = Pick<Explanation, 'plan' | 'weights' | 'isLearned' | 'passages'> & { compared: number };

/** The parts of the question that nothing was found about, a line for each. What a passage names is not among them. */
export function notFound({
  parts = [],
  missing = [],
  passages,
}: Pick<Retrieval, 'parts' | 'missing' | 'passages'>): string[] {
  const read = passages.map(({ title, prefix = '', text }) => `${title}\n${prefix}\n${text}`.toLowerCase());
  const without = parts
    .filter(({ name, passages: own }) => own === 0 && !missing.some((word) => name.includes(word)))
    .filter(({ name }) => !read.some((text) => text.includes(name.toLowerCase())))
    .map(({ name }) => `“${name}”`);
  return [
    ...(missing.length > 0 ? [`The documents say nothing about ${listed(missing)}.`] : []),
    ...(without.length > 0 ? [`No passage was found about ${listed(without)}.`] : []),
  ];
}

/** How the question was read, and how to read what is below each passage. What says nothing of this question is left out. */
export function planText(
  { plan, weights, isLearned, compared, passages }: Told,
  timings: Retrieval['timings'],
): string {
  const named = plan.linked
    .slice(0, 4)
    .map(({ name, cover, documentId }) => `${name} (${Math.round(100 * cover)} % of it, ${documentId})`);
  const otherwise = plan.subjects
    .filter(({ asked, name }) => asked.toLowerCase() !== name.toLowerCase())
    .map(({ asked, name }) => `“${asked}” for “${name}”`);
  const counted = signalNames
    .filter((name) => weights[name] !== 0 && passages.some(({ signals }) => signals[name] !== 0))
    .map((name) => `${name} ${weights[name].toFixed(2)}`);
  const isSubtracted = passages.some(({ shares }) => Object.values(shares).some((share) => share <= -0.0005));
  return [
    ...(named.length > 0 ? [`named: ${named.join('; ')}`] : []),
    ...(otherwise.length > 0 ? [`about: ${otherwise.join('; ')}`] : []),
    ...(plan.parts ? [`searched as: the whole; ${plan.parts.join('; ')}`] : []),
    ...(plan.full === plan.text ? [] : [`searched: ${plan.full}`]),
    ...(plan.exact.length > 0 ? [`codes: ${plan.exact.map(({ text }) => text).join(', ')}`] : []),
    ...(counted.length > 0
      ? [`weights: ${counted.join(', ')}${isLearned ? ' (learnt from this project’s questions)' : ''}`]
      : []),
    `compared: ${compared} passages; ${Object.entries(timings)
      .map(([stage, ms]) => `${stage} ${ms.toFixed(0)} ms`)
      .join(', ')}`,
    ...(passages.length > 0
      ? [
          `A score is the sum of the numbers after it${isSubtracted ? '; what is subtracted counts against the passage' : ''}.`,
        ]
      : []),
  ].join('\n');
}

/** Why a passage is where it is: a sentence, and the sum that its score is. */
export function whyText(
  { ranks, shares, signals }: Told['passages'][number],
  { documentId }: { documentId: string },
  { plan }: Told,
  score: number,
): string {
  const link = plan.linked.find((each) => each.documentId === documentId);
  const reasons = [
    ...(link && signals.names > 0
      ? [`its document is ${link.cover >= 0.95 ? '' : 'partly '}called “${link.name}”`]
      : plan.subjects.length > 0
        ? ['its document is not named']
        : []),
    ...(signals.codes > 0
      ? [
          `it has ${plan.exact.length > 1 ? 'some of ' : ''}${listed(plan.exact.map(({ text }) => `“${text}”`))}`,
        ]
      : []),
    ranks.dense ? `${ordinal(ranks.dense)} by meaning` : 'not found by meaning',
    ranks.lexical ? `${ordinal(ranks.lexical)} by words` : 'not found by words',
    ...(signals.phrases > 0
      ? [`${Math.round(100 * signals.phrases)} % of the question’s word pairs stand side by side in it`]
      : []),
    ...(shares.sections > 0
      ? [
          `${Math.round(100 * signals.sections)} % of the questions like this one were answered below such a heading`,
        ]
      : []),
    ...(shares.repeats < -0.0005 ? ['moved down for what is shown above it'] : []),
  ];
  const sentence = `${reasons.join('; ')}.`;
  return `${sentence[0]!.toUpperCase()}${sentence.slice(1)}\n   ${sumText(shares, score)}`;
}

/** `0.532 = name 0.310 + meaning 0.250 − repeats 0.028`, in thousandths that add up. */
export function sumText(shares: Shares, score: number): string {
  const thousandths = Object.entries(shares)
    .map(([name, share]): [string, number] => [name, Math.round(1000 * share)])
    .sort((a, b) => b[1] - a[1]);
  const sum = thousandths.reduce((total, [, share]) => total + share, 0);
  // The rounding error is added where it shows least.
  if (thousandths.length > 0) thousandths[0]![1] += Math.round(1000 * score) - sum;
  const terms = thousandths.filter(([, share]) => share !== 0);
  if (terms.length === 0) return '0.000: nothing speaks for it';
  return `${score.toFixed(3)} =${terms
    .map(([name, share], at) => {
      const sign = share < 0 ? ' − ' : at === 0 ? ' ' : ' + ';
      return `${sign}${name} ${(Math.abs(share) / 1000).toFixed(3)}`;
    })
    .join('')}`;
}

function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
}
