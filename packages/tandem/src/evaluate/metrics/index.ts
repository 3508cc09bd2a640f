import { costMetrics } from './cost.ts';
import { fieldMetrics } from './fields.ts';
import type { Metric } from './metric.ts';
import { wholeAnswerMetrics } from './right.ts';
import type { MetricSettings } from './settings.ts';
import { sourceMetrics } from './sources.ts';
import { styleMetrics } from './style.ts';
import { textMetrics } from './text.ts';

/** Every metric that applies to a project, in the order of the report's table. `config.answer` can be passed as it is. */
export function createMetrics(settings: MetricSettings): Metric[] {
  return [
    ...wholeAnswerMetrics(settings),
    ...fieldMetrics(settings).filter((metric) => metric.family === 'The answer'),
    ...textMetrics(settings),
    ...fieldMetrics(settings).filter((metric) => metric.family !== 'The answer'),
    ...sourceMetrics(settings),
    ...styleMetrics(settings),
    ...costMetrics(),
  ];
}

export { defaultPrimary } from './right.ts';
export type { MetricSettings } from './settings.ts';
export { holdsSource } from './source-overlap.ts';
export { rougeL, tokenF1 } from './text-overlap.ts';
