import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Run } from '../../core/types/run.ts';
import type { Parts } from '../../parts/parts.ts';
import type { ComparisonResult } from '../comparison-result.ts';

/** What a run of `compare` wrote; undefined where it did not get so far or its file is gone. */
export async function readResult(
  { artefacts }: Run,
  { dataDirectory }: Pick<Parts, 'dataDirectory'>,
): Promise<ComparisonResult | undefined> {
  const file = artefacts
    .map((artefact) => join(dataDirectory, artefact))
    .find((path) => path.endsWith('comparison.json'));
  if (file === undefined || !existsSync(file)) return undefined;
  return JSON.parse(await readFile(file, 'utf8')) as ComparisonResult;
}

/** A comparison that was made, with its run. */
export interface KeptComparison {
  run: Run;
  result: ComparisonResult;
}

/**
 * A comparison by the id of its run.
 * @throws InvalidInputError where there is no such run, it is none of a comparison, or its result was not kept
 */
export async function readComparison(
  runId: string,
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
): Promise<KeptComparison> {
  const run = await parts.catalog.runs.get(runId);
  const result = run?.kind === 'compare' ? await readResult(run, parts) : undefined;
  if (run && result) return { run, result };
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'comparison',
    message: !run
      ? `There is no run ${runId} in this project.`
      : run.kind !== 'compare'
        ? `${runId} is a run of ${run.kind}, not a comparison.`
        : run.status === 'done'
          ? `The comparison ${runId} is in the catalogue, but its comparison.json is gone.`
          : `The comparison ${runId} was not finished (${run.status}).`,
    hint: 'Take a finished comparison of this project.',
  });
}
