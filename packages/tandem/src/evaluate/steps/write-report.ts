import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComparisonResult } from '../comparison-result.ts';
import { renderReport } from '../report.ts';

/** Where a comparison's files are, absolute. */
export interface ComparisonFiles {
  /** `comparison.json`. */
  result: string;
  /** `report.html`. */
  report: string;
}

/** Writes `comparison.json` and `report.html` into a folder, which is made where it is missing. */
export async function writeReport(
  result: ComparisonResult,
  { directory }: { directory: string },
): Promise<ComparisonFiles> {
  await mkdir(directory, { recursive: true });
  const files = { result: join(directory, 'comparison.json'), report: join(directory, 'report.html') };
  await writeFile(files.result, `${JSON.stringify(result)}\n`);
  await writeFile(files.report, renderReport(result));
  return files;
}
