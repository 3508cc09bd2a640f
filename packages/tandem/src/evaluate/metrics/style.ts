import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { StyleRule } from '../../core/settings.ts';
import type { Metric } from './metric.ts';
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
    value: ({ answer }) => rules.filter((rule) => followsRule(rule, answer.text)).length / rules.length,
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
        value: ({ answer }) => Number(followsRule(rule, answer.text)),
      }),
    ),
  ];
}

/** The rule is the project's own code: where it throws, the error says which rule it was. */
function followsRule(rule: StyleRule, text: string): boolean {
  try {
    return rule.check(text);
  } catch (cause) {
    throw new InvalidInputError({
      message: `The style rule "${rule.id}" failed on an answer: ${(cause as Error).message}.`,
      hint: 'Fix its check function and compare again: the answers are kept.',
      where: 'answer.styleRules',
      domain: 'evaluate',
      cause,
    });
  }
}
