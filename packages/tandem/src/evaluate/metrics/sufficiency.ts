import { calibrationBins } from './calibration-bins.ts';
import type { Metric, MetricInput } from './metric.ts';
import { expectedOutcome } from './outcome.ts';
import { expectsAbstention } from './settings.ts';
import { retrievedSource } from './sources.ts';

/**
 * Whether `Answer.sufficiency` is true. What it says is that the passages answer the question, so that is what it is held against, and not whether the answer was right: a
 * model that spoils good passages makes no probability wrong. A case knows it where it names its place, or has no answer. Others leave n: that the sources have an
 * answer does not say that the passages did; and of what can be answered in part, or must be asked back, neither yes nor no is true.
 */
export function sufficiencyMetrics(): Metric[] {
  const shape = { summary: 'mean', pass: 'answers', family: 'Sources', direction: 'none' } as const;
  const which =
    'Of the cases that name where their answer stands, or have none, and expect neither `partial` nor `clarify`; arms whose answers have a sufficiency.';
  return [
    {
      ...shape,
      id: 'sufficiency',
      name: 'Sufficiency stated',
      description: `Mean of the stated probability that the passages answer the question. On scale, it equals the share below. ${which}`,
      unit: 'share',
      probabilityOf: 'sufficient',
      value: (input) => judged(input)?.said,
    },
    {
      ...shape,
      id: 'sufficient',
      name: '… passages have the answer',
      description: `Questions with a passage that holds where the answer stands. ${which}`,
      unit: 'share',
      value: (input) => judged(input)?.isTrue,
    },
    {
      ...shape,
      id: 'sufficiency-brier',
      name: 'Sufficiency, Brier score',
      description: `Mean squared distance between sufficiency and whether the passages have the answer: 0 is perfect, 0.25 is always saying one half. ${which} Shown, not tested.`,
      unit: 'score',
      value: (input) => {
        const found = judged(input);
        return found && (found.said - found.isTrue) ** 2;
      },
    },
    {
      ...shape,
      id: 'sufficiency-ece',
      name: 'Sufficiency, calibration error',
      description: `By how much sufficiency and the share of questions whose passages have the answer lie apart, in ${calibrationBins} bins, weighted by their cases: 0 is perfect, and of few cases true probabilities show an error, too. ${which} Shown, not tested.`,
      unit: 'score',
      direction: 'lower',
      summary: 'calibration error',
      errorOf: 'sufficiency',
      value: (input) => {
        const found = judged(input);
        return found && Math.abs(found.said - found.isTrue);
      },
    },
  ];
}

function judged({ answer, testCase }: MetricInput): { said: number; isTrue: number } | undefined {
  if (!answer.sufficiency) return undefined;
  const said = answer.sufficiency.probability;
  if (expectsAbstention(testCase)) return { said, isTrue: 0 };
  const outcome = expectedOutcome(testCase);
  if (!testCase.source || outcome === 'partial' || outcome === 'clarify') return undefined;
  return { said, isTrue: Number(retrievedSource(answer, testCase.source)) };
}
