/**
 * `npm run support`: the comparison on this folder. Each step goes on where it was cut off, and answers are kept as they come.
 *
 *     npm run support -- [--arms base,rag,head] [--cases 120] [--model local:…]
 *
 * Without --arms all five are compared, for which an adapter is trained first (an hour or more on two cores). `--arms head` needs no
 * language model's answer and takes a minute. The report goes into a folder of `report/` that is called as the arms are.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ArmName, armNames, compare, ingest, summarise, tune, tuneHead } from 'tandem';
import { enforceProjectNetwork, openProject } from 'tandem/project';
import {
  describeCompareEstimate,
  describeIngest,
  describeTuneEstimate,
  duration,
  progressLine,
  reportError,
} from './terminal.ts';

const { values: flags } = parseArgs({
  options: {
    arms: { type: 'string', default: 'base,rag,tuned,hybrid,head' },
    cases: { type: 'string', default: '120' },
    model: { type: 'string' },
  },
});
const interrupt = new AbortController();
const { signal } = interrupt;
process.on('SIGINT', () => (signal.aborted ? process.exit(130) : interrupt.abort()));
const onProgress = progressLine();
const tell = (line: string) => {
  onProgress.end();
  console.log(line);
};

try {
  const arms = flags.arms.split(',').map((name) => {
    if (!(armNames as readonly string[]).includes(name)) throw new Error(`There is no arm called ${name}.`);
    return name as ArmName;
  });
  await using project = await openProject({
    directory: import.meta.dirname,
    ...(flags.model !== undefined && { chat: flags.model }),
    onProgress,
    signal,
  });
  using _network = enforceProjectNetwork(project);
  tell(describeIngest(await ingest(project, { signal, onProgress })));
  if (arms.includes('head')) {
    const { id, seconds, fields } = await tuneHead(project, { signal, onProgress });
    tell(`${id}: trained in ${duration(seconds)}.`);
    for (const { path, folds } of fields)
      tell(`  ${path}: right in ${(100 * folds.accuracy).toFixed(1)} % of folds left out.`);
  }
  if (arms.includes('tuned') || arms.includes('hybrid')) {
    const { adapter } = await tune(project, {
      signal,
      onProgress,
      onEstimate: (estimate) => tell(describeTuneEstimate(estimate)),
    });
    tell(`${adapter.id}: ${adapter.metrics.steps} steps in ${duration(adapter.metrics.seconds)}.`);
  }
  const { result, files } = await compare(project, {
    arms,
    casesPerKind: Number(flags.cases),
    validationCases: 0,
    latencyCases: 2,
    purpose: 'support',
    command: ['npm run support', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
      ' ',
    ),
    signal,
    onProgress,
    onEstimate: (estimate) => tell(describeCompareEstimate(estimate)),
  });
  const directory = join(import.meta.dirname, 'report', arms.join('-'));
  await mkdir(directory, { recursive: true });
  await copyFile(files.report, join(directory, 'report.html'));
  const { cases: _cases, passages: _passages, ...numbers } = result;
  await writeFile(join(directory, 'comparison.json'), `${JSON.stringify(numbers, null, 1)}\n`);
  await writeFile(join(directory, 'summary.txt'), `${summarise(result)}\n`);
  tell(`\n${summarise(result)}\n\nReport: ${join('examples/support/report', arms.join('-'), 'report.html')}`);
} catch (error) {
  onProgress.end();
  process.exitCode = reportError(error, signal.aborted);
}
