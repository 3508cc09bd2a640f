import { valueAt } from '../../answer/structured-output.ts';
import { canonicalJson } from '../../core/hash.ts';
import { calibrationBins } from './calibration-bins.ts';
import type { Metric, MetricInput } from './metric.ts';
import type { MetricSettings } from './settings.ts';
import { comparableWords } from './words.ts';

type CompareField = NonNullable<MetricSettings['output']>['compareFields'][number];

/** Valid JSON, one accuracy per compared field, and how good the stated confidence is. None without an output schema. */
export function fieldMetrics(settings: MetricSettings): Metric[] {
  const output = settings.output;
  if (!output) return [];
  const metrics: Metric[] = [
    {
      id: 'valid-json',
      name: 'Valid JSON',
      description: "Replies that parse as JSON and fit the project's schema, of all cases.",
      unit: 'share',
      direction: 'higher',
      summary: 'mean',
      pass: 'answers',
      family: 'Form',
      whenFailed: 0,
      value: ({ answer }) => Number(answer.output !== undefined),
    },
    ...output.compareFields.map(
      (field): Metric => ({
        id: `field:${field.name}`,
        name: `${capitalised(field.name)} right`,
        description: `Replies whose \`${field.path}\` equals the expected one${
          field.match === 'normalized' ? ' but for case and punctuation' : ''
        }, of the cases that expect one. A reply that is not valid JSON is wrong.`,
        unit: 'share',
        direction: 'higher',
        summary: 'mean',
        pass: 'answers',
        family: 'The answer',
        whenFailed: 0,
        about: { field: field.path },
        value: (input) => fieldRight(field, input),
      }),
    ),
  ];
  const confidence = output.confidence;
  const confident = output.compareFields.find((field) => field.path === confidence?.of);
  if (confidence && confident) {
    metrics.push(
      {
        id: 'confidence',
        name: 'Confidence stated',
        description: `Mean of the stated probability that \`${confident.path}\` is right. Well calibrated, it equals the share that is right.`,
        unit: 'share',
        direction: 'none',
        summary: 'mean',
        pass: 'answers',
        family: 'Form',
        probabilityOf: `field:${confident.name}`,
        about: { field: confident.path },
        value: ({ answer }) => answer.confidence,
      },
      {
        id: 'confidence-brier',
        name: 'Confidence, Brier score',
        description: `Mean squared distance between the stated confidence and whether \`${confident.path}\` was right: 0 is perfect, 0.25 is always saying one half. Of the answers that state one.`,
        unit: 'score',
        direction: 'lower',
        summary: 'mean',
        pass: 'answers',
        family: 'Form',
        about: { field: confident.path },
        value: (input) => {
          const right = fieldRight(confident, input);
          if (right === undefined || input.answer.confidence === undefined) return undefined;
          return (input.answer.confidence - right) ** 2;
        },
      },
      {
        id: 'confidence-ece',
        name: 'Confidence, calibration error',
        description: `By how much the stated confidence and the share that was right lie apart, in ${calibrationBins} bins, weighted by their cases: 0 is perfect, and of few cases true probabilities show an error, too. Of the answers that state one. Shown, not tested.`,
        unit: 'score',
        direction: 'lower',
        summary: 'calibration error',
        errorOf: 'confidence',
        pass: 'answers',
        family: 'Form',
        about: { field: confident.path },
        value: (input) => {
          const right = fieldRight(confident, input);
          if (right === undefined || input.answer.confidence === undefined) return undefined;
          return Math.abs(input.answer.confidence - right);
        },
      },
    );
  }
  return metrics;
}

/** 1 or 0; undefined when the case expects nothing of this field. */
export function fieldRight(
  field: CompareField,
  { answer, testCase }: Pick<MetricInput, 'answer' | 'testCase'>,
): number | undefined {
  const wanted = valueAt(testCase.expected, field.path);
  if (wanted === undefined) return undefined;
  const said = valueAt(answer.output, field.path);
  if (said === undefined) return 0;
  return Number(comparable(said, field.match) === comparable(wanted, field.match));
}

function comparable(value: unknown, match: CompareField['match']): string {
  return match === 'normalized' && typeof value === 'string'
    ? comparableWords(value).join(' ')
    : canonicalJson(value);
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
