import type { Metric } from '../types.ts';
import type { MetricSettings } from './settings.ts';

/** Share of the project's style rules that an answer keeps, and each rule on its own. None without rules. */
export function styleMetrics(settings: MetricSettings): Metric[] {
  const rules = settings.styleRules;
  if (rules.length === 0) return [];
  const shape = {
    unit: 'share',
    direction: 'higher',
    summary: 'mean',
    pass: 'answers',
    family: 'Style',
    whenFailed: 0,
  } as const;
  const overall: Metric = {
    ...shape,
    id: 'style',
    name: 'Style rules kept',
    description: `Share of the ${rules.length} style rules that an answer keeps, over all cases.`,
    value: ({ answer }) => rules.filter((rule) => rule.check(answer.text)).length / rules.length,
  };
  if (rules.length === 1) return [overall];
  return [
    overall,
    ...rules.map(
      (rule): Metric => ({
        ...shape,
        id: `style:${rule.id}`,
        name: `Style: ${rule.id}`,
        description: rule.description,
        value: ({ answer }) => Number(rule.check(answer.text)),
      }),
    ),
  ];
}
