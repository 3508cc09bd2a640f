import type { Case } from '../../core/types/example.ts';
import { countAnswerable } from '../unanswerable-weight.ts';
import { costMetrics } from './cost.ts';
import { fieldMetrics } from './fields.ts';
import type { Metric } from './metric.ts';
import { outcomeMetrics } from './outcome.ts';
import { wholeAnswerMetrics } from './right.ts';
import type { MetricSettings } from './settings.ts';
import { sourceMetrics } from './sources.ts';
import { styleMetrics } from './style.ts';
import { sufficiencyMetrics } from './sufficiency.ts';
import { textMetrics } from './text.ts';

/** Every metric that applies to a project, in the order of the report's table. `config.answer` can be passed as it is. */
export function createMetrics(settings: MetricSettings): Metric[] {
  return [
    ...wholeAnswerMetrics(settings),
    ...fieldMetrics(settings).filter((metric) => metric.family === 'The answer'),
    ...textMetrics(settings),
    ...fieldMetrics(settings).filter((metric) => metric.family !== 'The answer'),
    ...sourceMetrics(),
    ...outcomeMetrics(),
    ...sufficiencyMetrics(),
    ...styleMetrics(settings),
    ...costMetrics(),
  ];
}

/** Without those that say the same as another of these cases: where all have an answer, right answers are right where there is one. */
export function metricsFor(cases: readonly Case[], metrics: readonly Metric[]): Metric[] {
  const { answerable, unanswerable } = countAnswerable(cases);
  const isMixed = answerable > 0 && unanswerable > 0;
  const parts = new Set(metrics.flatMap(({ joined }) => Object.values(joined ?? {})));
  return metrics.filter(({ id }) => isMixed || !parts.has(id));
}

export { defaultPrimary } from './right.ts';
export type { MetricSettings } from './settings.ts';
export { holdsSource } from './source-overlap.ts';
export { rougeL, tokenF1 } from './text-overlap.ts';
