import type { JobRunner } from './job-runner.ts';
import type { JobTable } from './job-table.ts';
import type { TrainingFiles } from './training-files.ts';

/** What a server fine-tunes with. */
export interface FineTuning {
  table: JobTable;
  runner: JobRunner;
  files: TrainingFiles;
}
