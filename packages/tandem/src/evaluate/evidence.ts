import { counted } from '../core/counted.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Run } from '../core/types/run.ts';
import type { Parts } from '../parts/parts.ts';
import { advantageOf, isShownBetter } from './advantage.ts';
import { caseKey } from './case-key.ts';
import type { CaseRecord, Slice } from './comparison-result.ts';
import { formatDifference, formatInterval, formatP } from './format.ts';
import type { MetricInfo } from './metrics/metric.ts';
import { type KeptComparison, readResult } from './over-time/read-comparison.ts';
import { summariseCases } from './steps/summarise-slices.ts';
import { defaultUnanswerableWeight } from './unanswerable-weight.ts';

/** An arm as it answers: the trained ones with their adapter, a head by its id. */
export interface ArmInUse {
  arm: ArmName;
  adapterId?: string;
  headId?: string;
}

/** What comparisons showed of an arm against another. */
export interface Evidence {
  /** The latest run that has the arm. */
  runId: string;
  /** The interval of the paired difference is above 0, and its test was passed, as for a verdict. */
  passed: boolean;
  sentence: string;
}

/**
 * What the comparisons of a project say of an arm against the one that is used: the latest that has both, or else the latest of each, on the cases
 * that they share. Those that were made with another chat model say nothing.
 * @returns undefined where no comparison, and no two, have both arms
 */
export async function findEvidence(
  parts: Pick<Parts, 'catalog' | 'dataDirectory' | 'models'>,
  candidate: ArmInUse,
  used: ArmInUse,
): Promise<Evidence | undefined> {
  const comparisons: KeptComparison[] = [];
  for (const run of await parts.catalog.runs.list({ kind: 'compare' })) {
    if (run.status !== 'done' || !isOfModel(run, parts.models.names.chat)) continue;
    const result = await readResult(run, parts);
    if (result) comparisons.push({ run, result });
  }
  const both = comparisons.find((each) => has(each, candidate) && has(each, used));
  if (both) {
    const overall = both.result.slices.find(({ kind }) => kind === null)!;
    return describe(both, overall, { better: candidate.arm, than: used.arm });
  }
  const own = comparisons.find((each) => has(each, candidate));
  const other = comparisons.find((each) => has(each, used));
  return own && other && pairAcross(own, candidate, other, used);
}

/** Of runs from before the chat model was noted it is not known. */
function isOfModel({ config }: Run, chat: string): boolean {
  const { chat: measured } = config as { chat?: string };
  return measured === undefined || measured === chat;
}

function has({ run, result }: KeptComparison, { arm, adapterId, headId }: ArmInUse): boolean {
  return (
    result.arms.some(({ name, reference }) => name === arm && !reference) &&
    (adapterId === undefined || run.inputs.adapter === adapterId) &&
    (headId === undefined || run.inputs.head === headId)
  );
}

/** The arms of two comparisons on the cases that are in both, as one comparison would have it. */
function pairAcross(
  own: KeptComparison,
  candidate: ArmInUse,
  other: KeptComparison,
  used: ArmInUse,
): Evidence | undefined {
  const { metrics, primary, arms, options } = own.result;
  if (other.result.primary.metric !== primary.metric) return undefined;
  const records = new Map(other.result.cases.map((record) => [caseKey(record), record]));
  // Two adapters of one arm have one name.
  const names = { better: candidate.arm, than: `${used.arm} as it is used` };
  const cases = own.result.cases.flatMap((record): CaseRecord[] => {
    const counterpart = records.get(caseKey(record))?.arms[used.arm];
    if (!counterpart) return [];
    return [{ ...record, arms: { [names.better]: record.arms[candidate.arm]!, [names.than]: counterpart } }];
  });
  if (cases.length === 0) return undefined;
  const info = arms.find(({ name }) => name === candidate.arm)!;
  const [overall] = summariseCases(cases, {
    arms: [info, { ...info, name: names.than, label: names.than }],
    metrics: decidingMetrics(metrics, primary.metric),
    primary: primary.metric,
    ...options,
    unanswerableWeight: options.unanswerableWeight ?? defaultUnanswerableWeight,
  });
  return describe(own, overall!, names, other.run.id);
}

function decidingMetrics(metrics: readonly MetricInfo[], primary: string): MetricInfo[] {
  const deciding = metrics.find(({ id }) => id === primary)!;
  const ids = new Set([primary, ...Object.values(deciding.joined ?? {})]);
  return metrics.filter(({ id }) => ids.has(id));
}

function describe(
  { run, result }: KeptComparison,
  overall: Slice,
  { better, than }: { better: string; than: string },
  otherRun?: string,
): Evidence | undefined {
  const metric = result.metrics.find(({ id }) => id === result.primary.metric)!;
  const advantage = advantageOf(overall, metric, better, than);
  if (!advantage) return undefined;
  const { by, cases } = advantage;
  const p = advantage.adjustedP ?? advantage.p;
  const from = otherRun === undefined ? run.id : `${run.id} and ${otherRun}`;
  return {
    runId: run.id,
    passed: isShownBetter(overall, metric, better, than),
    sentence: `${better} against ${than} on ${metric.name}: ${by >= 0 ? 'better' : 'worse'} by ${formatDifference(Math.abs(by), metric.unit)} (95 % ${formatInterval(advantage, metric.unit)}${p === undefined ? '' : `, ${formatP(p)}`}, ${counted(cases, 'case')} of ${counted(overall.groups, 'group')}; ${from}).`,
  };
}
