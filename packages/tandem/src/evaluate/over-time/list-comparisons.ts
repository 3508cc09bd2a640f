import type { Run } from '../../core/types/run.ts';
import type { Parts } from '../../parts/parts.ts';
import type { ComparisonResult, Estimate, Verdict } from '../comparison-result.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import { type Acceptance, acceptancesOf } from './accept-comparison.ts';
import { readResult } from './read-comparison.ts';

/** One comparison among all that a project made. */
export interface ListedComparison {
  runId: string;
  startedAt: string;
  status: Run['status'];
  /** When it was accepted, where it was. */
  acceptance?: Acceptance;
  /** It is the one that later ones are held against. */
  isAccepted: boolean;
  /** Absent where it was not finished, or its file is gone. */
  result?: {
    model: string;
    cases: number;
    groups: number;
    primary: Pick<MetricInfo, 'id' | 'name' | 'unit'>;
    /** Arms, then yardsticks, with their value of the primary metric. */
    arms: ({ arm: string; reference: boolean } & Estimate)[];
    verdict: { outcome: Verdict['outcome']; arm: string | null; headline: string };
  };
}

/** Every comparison of a project, latest first, unfinished ones too. */
export async function listComparisons(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  { limit = 100 }: { limit?: number } = {},
): Promise<ListedComparison[]> {
  const all = await parts.catalog.runs.list({ kind: 'compare', limit: Number.MAX_SAFE_INTEGER });
  const acceptances = await acceptancesOf(all, parts);
  const listed: ListedComparison[] = [];
  for (const run of all.slice(0, limit)) {
    const acceptance = acceptances.find(({ runId }) => runId === run.id);
    const result = await readResult(run, parts);
    listed.push({
      runId: run.id,
      startedAt: run.startedAt,
      status: run.status,
      ...(acceptance && { acceptance }),
      isAccepted: acceptances[0]?.runId === run.id,
      ...(result && { result: shortened(result) }),
    });
  }
  return listed;
}

function shortened(result: ComparisonResult): ListedComparison['result'] {
  const overall = result.slices.find(({ kind }) => kind === null)!;
  const { id, name, unit } = result.metrics.find((metric) => metric.id === result.primary.metric)!;
  const arms = result.arms.flatMap(({ name: arm, reference }) => {
    const own = overall.arms.find((entry) => entry.arm === arm && entry.metric === id);
    if (!own) return [];
    const { value, low, high, cases, groups } = own;
    return [{ arm, reference, value, low, high, cases, groups }];
  });
  const { outcome, choice, headline } = result.verdict;
  return {
    model: result.subject.model,
    cases: overall.cases,
    groups: overall.groups,
    primary: { id, name, unit },
    arms,
    verdict: { outcome, arm: choice ?? null, headline },
  };
}
