import type { Metric } from './metric.ts';

/** What an answer costs: tokens in, tokens out, and time. Time comes from the sequential pass only. */
export function costMetrics(): Metric[] {
  const shape = { direction: 'lower', family: 'Cost', about: 'cost' } as const;
  return [
    {
      ...shape,
      id: 'prompt-tokens',
      name: 'Prompt tokens',
      description: 'Tokens the model reads for one answer, rewriting the question included.',
      unit: 'tokens',
      summary: 'mean',
      pass: 'answers',
      value: ({ answer, arm }) => (arm.countsTokens === false ? undefined : answer.usage.promptTokens),
    },
    {
      ...shape,
      id: 'completion-tokens',
      name: 'Completion tokens',
      description: 'Tokens the model writes for one answer, rewriting the question included.',
      unit: 'tokens',
      direction: 'none',
      summary: 'mean',
      pass: 'answers',
      value: ({ answer, arm }) => (arm.countsTokens === false ? undefined : answer.usage.completionTokens),
    },
    {
      ...shape,
      id: 'latency',
      name: 'Latency, median',
      description:
        'Time from question to finished answer, half of the answers are faster; one answer at a time, arms taking turns.',
      unit: 'ms',
      summary: 'median',
      pass: 'latency',
      value: ({ answer }) => answer.timings.total,
    },
    {
      ...shape,
      id: 'latency-p95',
      name: 'Latency, 95th percentile',
      description: 'Time from question to finished answer that 19 of 20 answers stay below; the same pass.',
      unit: 'ms',
      summary: 'p95',
      pass: 'latency',
      value: ({ answer }) => answer.timings.total,
    },
  ];
}
