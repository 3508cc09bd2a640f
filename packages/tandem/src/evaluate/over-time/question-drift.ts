import { dot } from '../../core/cosine.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { intervalOf } from '../../statistics/index.ts';
import type { Estimate } from '../comparison-result.ts';

/** A question with its vector, of unit length. Questions asked are of one group where they have the same words. */
export interface PlacedQuestion {
  question: string;
  vector: Float32Array;
  group: string;
}

/** How many of the questions that people ask are unlike all cases. */
export interface QuestionDrift {
  /** Share of the different questions whose nearest case is farther away than `farAway`; about `expected` of them would be if nothing had changed. */
  share: Estimate;
  expected: number;
  /** The 95th percentile of the cases' distances (1 − cosine) to their nearest case of another group. */
  farAway: number;
  cases: number;
  /** The interval is wholly above `expected`: the cases are no longer what is asked. */
  isShown: boolean;
  /** The farthest questions, with the case that is nearest to it. */
  farthest: { question: string; nearest: string; distance: number }[];
}

/** With fewer groups of cases, a 95th percentile is the farthest one. */
const leastGroups = 20;
const expected = 0.05;

/**
 * Whether what is asked is still like the cases. Distances are cosines of the embedder's vectors; cases are held against cases of other groups,
 * since a question asked anew is no rewording of a case that was written to be one.
 * @throws InvalidInputError where there are no questions, or cases of too few groups
 */
export function questionDrift(
  questions: readonly PlacedQuestion[],
  cases: readonly PlacedQuestion[],
  { farthest = 5 }: { farthest?: number } = {},
): QuestionDrift {
  const groups = new Set(cases.map(({ group }) => group)).size;
  if (questions.length === 0 || groups < leastGroups)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: questions.length === 0 ? 'traces' : 'cases',
      message:
        questions.length === 0
          ? 'No question has been asked outside of comparisons yet, so there is nothing to hold against the cases.'
          : `The cases are about ${groups} groups, and what is far from them can be told from ${leastGroups} on.`,
      hint: questions.length === 0 ? 'Ask some, and look again.' : 'Give more cases.',
    });
  const own = cases.map(
    (each) =>
      nearestAmong(
        each,
        cases.filter(({ group }) => group !== each.group),
      ).distance,
  );
  const farAway = percentile(own, 0.95);
  // Each question once: one that is asked a hundred times is no hundred new subjects.
  const once = [...new Map(questions.map((each) => [each.group, each])).values()];
  const found = once.map((each) => ({ ...each, ...nearestAmong(each, cases) }));
  const share = intervalOf(
    {
      values: found.map(({ distance }) => Number(distance > farAway)),
      groups: found.map(({ group }) => group),
    },
    { statistic: 'mean', bounds: [0, 1], seed: 1, resamples: 4000, level: 0.95 },
  )!;
  const { value, low, high, cases: count, groups: ofGroups } = share;
  return {
    share: { value, low, high, cases: count, groups: ofGroups },
    expected,
    farAway,
    cases: cases.length,
    isShown: low > expected,
    farthest: found
      .filter(({ distance }) => distance > farAway)
      .sort((a, b) => b.distance - a.distance)
      .slice(0, farthest)
      .map(({ question, nearest, distance }) => ({ question, nearest, distance })),
  };
}

function nearestAmong(
  { vector }: PlacedQuestion,
  others: readonly PlacedQuestion[],
): { nearest: string; distance: number } {
  let best = { nearest: '', distance: Number.POSITIVE_INFINITY };
  for (const { question, vector: other } of others) {
    const distance = 1 - dot(vector, other);
    if (distance < best.distance) best = { nearest: question, distance };
  }
  return best;
}

/** The least value that this share of all do not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
}
