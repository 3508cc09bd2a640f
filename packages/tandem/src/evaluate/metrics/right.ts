import { listed } from '../../core/listed.ts';
import { agreesWith, enoughF1 } from './agreement.ts';
import { fieldRight } from './fields.ts';
import type { Metric, MetricInput } from './metric.ts';
import { expectedTexts, expectsAbstention, type MetricSettings } from './settings.ts';
import { citesSource } from './sources.ts';
import { tokenF1 } from './text-overlap.ts';

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
    about: 'all that is expected',
    whenFailed: 0,
  } as const;
  const fields = settings.output?.compareFields.map((field) => field.name) ?? [];
  const parts = [
    ...(settings.output ? ['the reply is valid JSON'] : []),
    ...(fields.length > 0 ? [`${listed(fields)} right`] : []),
    'the text says what is expected and nothing that contradicts it (numbers and dates as values; of several accepted answers one), or both say it is not in the sources',
  ];
  return [
    {
      ...shape,
      id: 'right',
      name: 'Right answers',
      description: `Answers that could be used as they are: ${listed(parts)}. Of all cases; where some have no answer in the sources, the two shares below are joined.`,
      joined: { answerable: 'right-answerable', unanswerable: 'right-unanswerable' },
      value: (input) => answerRight(input, settings),
    },
    {
      ...shape,
      id: 'right-answerable',
      name: '… where there is an answer',
      description: 'Right answers, of the cases that have one in the sources.',
      value: (input) => (expectsAbstention(input.testCase) ? undefined : answerRight(input, settings)),
    },
    {
      ...shape,
      id: 'right-unanswerable',
      name: '… declined where there is none',
      description: 'Answers that say it is not in the sources, of the cases that have none there.',
      value: (input) => (expectsAbstention(input.testCase) ? answerRight(input, settings) : undefined),
    },
    {
      ...shape,
      id: 'right-by-f1',
      name: '… by token F1 alone',
      description: `Right answers if the text had only to share words with the expected one (token F1 of at least ${enoughF1}): what was counted before, and whether the order of the arms hangs on how right is counted. Shown, not tested.`,
      direction: 'none',
      joined: {},
      value: (input) => answerRight(input, settings, (said, wanted) => tokenF1(said, wanted) >= enoughF1),
    },
    {
      ...shape,
      id: 'right-cited',
      name: 'Right and cited',
      description:
        'Right answers that also cite a passage holding where the answer stands. Of the cases that name the place; an arm without retrieval has nothing to cite.',
      value: (input) => {
        const { testCase, answer } = input;
        if (!testCase.source || expectsAbstention(testCase)) return undefined;
        const right = answerRight(input, settings);
        return right === undefined ? undefined : right * Number(citesSource(answer, testCase));
      },
    },
  ];
}

/** The metric that a verdict rests on unless the project says otherwise, and why. */
export function defaultPrimary(settings: MetricSettings): { metric: string; why: string } {
  return {
    metric: 'right',
    why: settings.output
      ? 'An answer is of use when form, fields and text are right together; an arm that is good at one of them alone is not yet useful. Citations are left out of it because two of the arms have nothing to cite; they are counted in rows of their own.'
      : 'What counts is whether an answer says what is right. How many words it shares with the expected one stands beside it, and is low for a short right answer in a whole sentence.',
  };
}

function answerRight(
  { answer, testCase }: Pick<MetricInput, 'answer' | 'testCase'>,
  settings: MetricSettings,
  agrees: (said: string, wanted: string, question: string) => boolean = agreesWith,
): number | undefined {
  const expected = expectedTexts(testCase, settings);
  const wanted = (settings.output?.compareFields ?? [])
    .map((field) => fieldRight(field, { answer, testCase }))
    .filter((right) => right !== undefined);
  const isUnanswerable = expectsAbstention(testCase);
  if (expected.length === 0 && wanted.length === 0 && !isUnanswerable) return undefined;
  if (settings.output && answer.output === undefined) return 0;
  if (wanted.includes(0)) return 0;
  if (isUnanswerable) return Number(answer.abstained);
  if (expected.length === 0) return 1;
  return Number(!answer.abstained && expected.some((text) => agrees(answer.text, text, testCase.question)));
}
