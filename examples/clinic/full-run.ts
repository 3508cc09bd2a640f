/**
 * `npm run clinic`: the full run on this folder, an hour or two on two cores. Each step goes on where it was cut off. Writes the
 * report to `report/`, with the commit and machine it came from.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ingest, summarise } from 'tandem';
import { compareHere, onProgress, run, signal, tuneHere } from './steps.ts';
import { describeIngest, duration } from './terminal.ts';

await run(async (project) => {
  console.log(describeIngest(await ingest(project, { signal, onProgress })));
  const tuned = await tuneHere(project);
  const { id, metrics } = tuned.adapter;
  console.log(
    `${id}: ${metrics.steps} steps, ${metrics.tokens} tokens in ${duration(metrics.seconds)} (${metrics.tokensPerSecond.toFixed(0)} a second, ${(metrics.peakMemoryBytes / 1e9).toFixed(2)} GB at most); validation loss ${metrics.validationLossBefore?.toFixed(3)} → ${metrics.validationLossAfter?.toFixed(3)}.`,
  );
  const comparison = await compareHere(project, {
    adapterId: id,
    casesPerKind: 60,
    latencyCases: 6,
    validationCases: 16,
    purpose: 'full run',
    command: 'npm run clinic',
  });
  const directory = join(import.meta.dirname, 'report');
  await mkdir(directory, { recursive: true });
  await copyFile(comparison.files.report, join(directory, 'report.html'));
  const { cases: _cases, passages: _passages, ...numbers } = comparison.result;
  await writeFile(join(directory, 'comparison.json'), `${JSON.stringify(numbers, null, 1)}\n`);
  await writeFile(join(directory, 'summary.txt'), `${summarise(comparison.result)}\n`);
  console.log(`\n${summarise(comparison.result)}\n\nReport: examples/clinic/report/report.html`);
});
