import { withoutMarkers } from '../../answer/citations.ts';
import type { Metric } from './metric.ts';
import { expectedTexts, type MetricSettings } from './settings.ts';
import { rougeL, tokenF1 } from './text-overlap.ts';

/** How near the answer's text comes to the expected one, and how long it is. Citation markers are left out of all three. */
export function textMetrics(settings: MetricSettings): Metric[] {
  const compared =
    (measure: (answer: string, expected: string) => number): Metric['value'] =>
    ({ answer, testCase }) => {
      const expected = expectedTexts(testCase, settings);
      return expected.length === 0
        ? undefined
        : Math.max(...expected.map((text) => measure(answer.text, text)));
    };
  const shape = { summary: 'mean', pass: 'answers', family: 'The answer' } as const;
  return [
    {
      ...shape,
      id: 'token-f1',
      name: 'Token F1',
      description:
        "Words shared by the answer's text and the expected one (SQuAD's F1: case, punctuation, articles and citation markers ignored).",
      unit: 'score',
      direction: 'higher',
      whenFailed: 0,
      value: compared(tokenF1),
    },
    {
      ...shape,
      id: 'rouge-l',
      name: 'ROUGE-L',
      description:
        'The longest sequence of words, in order, that the answer and the expected text share (F1, no stemming; Lin 2004).',
      unit: 'score',
      direction: 'higher',
      whenFailed: 0,
      value: compared(rougeL),
    },
    {
      ...shape,
      id: 'length',
      name: 'Answer length',
      description: "Words of the answer's text, without markers.",
      unit: 'words',
      direction: 'none',
      value: ({ answer }) => withoutMarkers(answer.text).match(/\S+/gu)?.length ?? 0,
    },
  ];
}
