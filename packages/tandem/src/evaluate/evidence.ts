import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../core/counted.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Parts } from '../parts/parts.ts';
import { advantageOf, shownBetter } from './advantage.ts';
import type { ComparisonResult } from './comparison-result.ts';
import { formatDifference, formatInterval, formatP } from './format.ts';

/** What a comparison showed of an arm. */
export interface Evidence {
  runId: string;
  /** The arm was shown to beat its untrained counterpart on the primary metric (adjusted p < 0.05). */
  passed: boolean;
  sentence: string;
}

/** What each arm has to be better than. */
const counterparts: Record<ArmName, ArmName> = {
  base: 'base',
  rag: 'base',
  tuned: 'base',
  hybrid: 'rag',
  head: 'rag',
};

/** What the latest comparison of this arm (with this adapter, or this head) says of it, or undefined where there is none. */
export async function findLatestEvidence(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  arm: ArmName,
  trainedId?: string,
): Promise<Evidence | undefined> {
  const trained = arm === 'head' ? 'head' : 'adapter';
  const runs = await parts.catalog.runs.list({ kind: 'compare' });
  for (const run of runs) {
    if (run.status !== 'done' || (trainedId !== undefined && run.inputs[trained] !== trainedId)) continue;
    const file = run.artefacts
      .map((artefact) => join(parts.dataDirectory, artefact))
      .find((path) => path.endsWith('comparison.json'));
    if (file === undefined || !existsSync(file)) continue;
    const result = JSON.parse(await readFile(file, 'utf8')) as ComparisonResult;
    const evidence = readEvidence(result, arm);
    if (evidence) return { runId: run.id, ...evidence };
  }
  return undefined;
}

function readEvidence(result: ComparisonResult, arm: ArmName): Omit<Evidence, 'runId'> | undefined {
  const against = counterparts[arm];
  const overall = result.slices.find(({ kind }) => kind === null)!;
  const metric = result.metrics.find(({ id }) => id === result.primary.metric)!;
  const advantage = advantageOf(overall, metric, arm, against);
  if (!advantage) return undefined;
  const { by, cases } = advantage;
  const p = advantage.adjustedP ?? advantage.p;
  return {
    passed: shownBetter(advantage),
    sentence: `${arm} against ${against} on ${metric.name}: ${by >= 0 ? 'better' : 'worse'} by ${formatDifference(Math.abs(by), metric.unit)} (95 % ${formatInterval(advantage, metric.unit)}${p === undefined ? '' : `, ${formatP(p)}`}, ${counted(cases, 'case')} of ${counted(overall.groups, 'group')}).`,
  };
}
