import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Catalog } from '../../catalog/catalog.ts';
import { openMemoryCatalog } from '../../catalog/sqlite-catalog.ts';
import type { Settings } from '../../core/settings.ts';
import { settingsSchema } from '../../core/settings.ts';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import type { ComparisonResult } from '../comparison-result.ts';
import { writeReport } from '../steps/write-report.ts';
import { type SyntheticOptions, syntheticOptions } from '../synthetic-comparison.fixture.ts';

/** A catalogue with comparisons of arms that are dice, kept as `compare` keeps them. */
export interface KeptComparisons extends AsyncDisposable {
  parts: { catalog: Catalog; dataDirectory: string; settings: Settings };
  keep(options: SyntheticOptions): Promise<{ runId: string; result: ComparisonResult }>;
}

export async function openKeptComparisons(): Promise<KeptComparisons> {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-over-time-'));
  const catalog = await openMemoryCatalog();
  const settings = settingsSchema.parse({});
  return {
    parts: { catalog, dataDirectory: directory, settings },
    async keep(options) {
      const run = await catalog.runs.start({ kind: 'compare', config: { chat: 'local:dice' } });
      const result = await compareGivenArms(syntheticOptions({ latencyCases: 0, ...options }));
      const files = await writeReport(result, { directory: join(directory, run.id) });
      await catalog.runs.finish(run.id, {
        status: 'done',
        artefacts: Object.values(files).map((file) => relative(directory, file)),
      });
      return { runId: run.id, result };
    },
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
