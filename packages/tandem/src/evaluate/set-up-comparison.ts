import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Constraints } from '../core/settings.ts';
import type { Case } from '../core/types/example.ts';
import type { Provenance, Subject } from './comparison-result.ts';
import type { Means } from './means.ts';
import type { MetricInfo } from './metrics/metric.ts';
import type { ComparisonSetup } from './steps/step-data.ts';
import { defaultUnanswerableWeight } from './unanswerable-weight.ts';

/** What a comparison is of, and how its numbers are made where that is not left to the defaults. */
export interface ComparisonOf {
  project: string;
  subject: Subject;
  metrics: readonly MetricInfo[];
  /** Id of the metric that the verdict rests on, and why that one. */
  primary: { metric: string; why: string };
  /** The smallest difference of the primary metric that would change your choice, in its unit. Default 0.1. */
  worthHaving?: number;
  provenance?: Provenance;
  seed?: number;
  /** Resamples of the bootstrap. Default 4,000. */
  resamples?: number;
  /** What right refusals count for beside right answers, where cases of both kinds are joined. Default 0.2. */
  unanswerableWeight?: number;
  /** Cases of the sequential latency pass, taken evenly from all kinds; 0 leaves it out. Default 12. */
  latencyCases?: number;
  /** How often each case is asked. Default 1. */
  repeats?: number;
  constraints?: Constraints | undefined;
  means?: Means;
}

/**
 * Fills in the defaults, and checks what can be checked before the first answer.
 * @throws InvalidInputError for no cases, for ids that are there twice, and for a metric that no verdict can rest on.
 */
export function setUpComparison(given: ComparisonOf, cases: readonly Case[]): ComparisonSetup {
  const { project, subject, primary } = given;
  checkCases(cases);
  checkMetrics(given.metrics, primary.metric);
  return {
    project,
    subject,
    metrics: given.metrics.map(metricInfo),
    primary,
    worthHaving: given.worthHaving ?? 0.1,
    options: {
      seed: given.seed ?? 1,
      resamples: given.resamples ?? 4000,
      level: 0.95,
      latencyCases: Math.min(given.latencyCases ?? 12, cases.length),
      unanswerableWeight: given.unanswerableWeight ?? defaultUnanswerableWeight,
      ...(given.repeats !== undefined && given.repeats > 1 && { repeats: given.repeats }),
    },
    ...(given.constraints && { constraints: given.constraints }),
    ...(given.means && { means: given.means }),
    provenance: given.provenance ?? {},
  };
}

/** The first of these that is there twice. */
export function firstRepeated(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at);
}

function checkCases(cases: readonly Case[]): void {
  if (cases.length === 0)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'cases',
      message: 'There are no cases to compare on.',
      hint: 'Give held-out cases: {id, question, expected}.',
    });
  const repeated = firstRepeated(cases.map(({ id }) => id));
  if (repeated !== undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'cases',
      message: `Two cases have the id "${repeated}".`,
      hint: 'Give every case an id of its own: answers are kept by it.',
    });
}

function checkMetrics(metrics: readonly MetricInfo[], primary: string): void {
  const repeated = firstRepeated(metrics.map(({ id }) => id));
  if (repeated !== undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'metrics',
      message: `Two metrics have the id "${repeated}".`,
      hint: 'Give compared fields and style rules different names.',
    });
  const canDecide = metrics.filter(({ direction, summary }) => direction !== 'none' && summary === 'mean');
  if (!canDecide.some(({ id }) => id === primary))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'primary',
      message: `The verdict cannot rest on the metric "${primary}".`,
      hint: `Take one of: ${canDecide.map(({ id }) => id).join(', ')}.`,
    });
}

/** Without its functions, in the order of `comparison.json`. */
function metricInfo(metric: MetricInfo): MetricInfo {
  const { id, name, description, unit, direction, summary, pass, family, joined, probabilityOf, errorOf } =
    metric;
  return {
    id,
    name,
    description,
    unit,
    direction,
    summary,
    pass,
    family,
    ...(joined && { joined }),
    ...(probabilityOf && { probabilityOf }),
    ...(errorOf && { errorOf }),
  };
}
