import type { Case } from '../../core/types/example.ts';
import type { Outcome } from '../../core/types/outcome.ts';
import type { Metric } from './metric.ts';

/** What should become of a case's question: what it says, else by whether the sources have an answer. */
export function expectedOutcome({ answerable, outcome }: Pick<Case, 'answerable' | 'outcome'>): Outcome {
  return answerable === false ? 'not in the sources' : (outcome ?? 'answer');
}

/** Whether what became of a question is what should. Answers from before there were outcomes have none, and are not counted. */
export function outcomeMetrics(): Metric[] {
  return [
    {
      id: 'outcome-macro-f1',
      name: 'Outcome as expected, macro-F1',
      description:
        'F1 of what became of a question (answered, in part, asked back, a conflict shown, declined) against what the case expects, the mean over the outcomes that cases expect: a rare one counts as much as a frequent one. A case that has an answer and states no outcome expects it to be answered; an answer that failed is a miss. Shown, not tested.',
      unit: 'score',
      direction: 'higher',
      summary: 'macro F1 of outcomes',
      pass: 'answers',
      family: 'Sources',
      whenFailed: 0,
      value: ({ answer, testCase }) => answer.outcome && Number(answer.outcome === expectedOutcome(testCase)),
    },
  ];
}
