import { listed } from '../../core/listed.ts';
import { fieldRight } from './fields.ts';
import type { Metric, MetricInput } from './metric.ts';
import { expectedText, expectsAbstention, type MetricSettings } from './settings.ts';
import { citesSource } from './sources.ts';
import { tokenF1 } from './text-overlap.ts';

/** Token F1 from which the text says what the expected one says: at least half of the words, both ways, are the same. */
const textThreshold = 0.5;
/** The threshold is a convention: what the count would be at others is shown beside it. */
const otherThresholds = [0.3, 0.7];

/**
 * The answer as a whole: could it be used as it is? A choice between arms needs one number that joins form, fields and
 * text, because an arm can be good at any one of them alone. Citations are not part of `right`: base and tuned have nothing
 * to cite, and asking for it would settle the question by definition. `right-cited` asks for them too, as its own row.
 */
export function wholeAnswerMetrics(settings: MetricSettings): Metric[] {
  const shape = {
    unit: 'share',
    direction: 'higher',
    summary: 'mean',
    pass: 'answers',
    family: 'The answer',
    whenFailed: 0,
  } as const;
  const fields = settings.output?.compareFields.map((field) => field.name) ?? [];
  const parts = [
    ...(settings.output ? ['the reply is valid JSON'] : []),
    ...(fields.length > 0 ? [`${listed(fields)} right`] : []),
    `the text agrees with the expected one (token F1 of at least ${textThreshold}, or both say it is not in the sources)`,
  ];
  return [
    {
      ...shape,
      id: 'right',
      name: 'Right answers',
      description: `Answers that could be used as they are: ${listed(parts)}. Of all cases.`,
      value: (input) => answerRight(input, settings),
    },
    ...otherThresholds.map(
      (threshold): Metric => ({
        ...shape,
        id: `right-at-${threshold}`,
        name: `… if a token F1 of ${threshold} were asked`,
        description: `Right answers if the text had to agree ${threshold < textThreshold ? 'less' : 'more'} with the expected one (token F1 of at least ${threshold} instead of ${textThreshold}): whether the order of the arms hangs on the threshold. Shown, not tested.`,
        direction: 'none',
        value: (input) => answerRight(input, settings, threshold),
      }),
    ),
    {
      ...shape,
      id: 'right-cited',
      name: 'Right and cited',
      description:
        'Right answers that also cite a passage holding where the answer stands. Of the cases that name the place; an arm without retrieval has nothing to cite.',
      value: (input) => {
        const { testCase, answer } = input;
        if (!testCase.source || expectsAbstention(testCase, settings)) return undefined;
        const right = answerRight(input, settings);
        return right === undefined ? undefined : right * Number(citesSource(answer, testCase));
      },
    },
  ];
}

/** The metric that a verdict rests on unless the project says otherwise, and why. */
export function defaultPrimary(settings: MetricSettings): { metric: string; why: string } {
  return settings.output
    ? {
        metric: 'right',
        why: 'An answer is of use when form, fields and text are right together; an arm that is good at one of them alone is not yet useful. Citations are left out of it because two of the arms have nothing to cite; they are counted in rows of their own.',
      }
    : {
        metric: 'token-f1',
        why: 'The project asks for plain text, so how much of the expected text an answer gives is all there is to compare; graded values also tell arms apart with fewer cases than right-or-wrong.',
      };
}

function answerRight(
  { answer, testCase }: Pick<MetricInput, 'answer' | 'testCase'>,
  settings: MetricSettings,
  threshold = textThreshold,
): number | undefined {
  const expected = expectedText(testCase, settings);
  const wanted = (settings.output?.compareFields ?? [])
    .map((field) => fieldRight(field, { answer, testCase }))
    .filter((right) => right !== undefined);
  if (expected === undefined && wanted.length === 0) return undefined;
  if (settings.output && answer.output === undefined) return 0;
  if (wanted.includes(0)) return 0;
  if (expected === undefined) return 1;
  if (expectsAbstention(testCase, settings)) return Number(answer.abstained);
  return Number(!answer.abstained && tokenF1(answer.text, expected) >= threshold);
}
