/**
 * `npm run clinic`: the full run on this folder, an hour or two on two cores. Each step goes on where it was cut off.
 *
 *     npm run clinic -- [--model local:smollm2-135m-instruct] [--mix full] [--cases 60]
 *
 * Without --model it is the config's. All models learn from one mix of under 100,000 tokens, so that reports of several sizes can be laid side by
 * side; `--mix full` takes the mix that `tandem tune` would. --cases is questions of each of the three kinds. The report goes into a folder of
 * `report/` that is called as the model is, with the commit and machine it came from.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ingest, summarise, tuneRanking } from 'tandem';
import type { Project } from 'tandem/project';
import { compareHere, onProgress, run, signal, tuneHere, withProject } from './steps.ts';
import { describeIngest, duration } from './terminal.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    mix: { type: 'string', default: 'small' },
    cases: { type: 'string', default: '40' },
  },
});
if (flags.mix !== 'small' && flags.mix !== 'full') throw new Error('--mix is small or full.');
const smallMix = { passages: 90, absent: 18, closed: 30, rewrite: 80, glossary: 0.25 };

await run(async () => {
  // What the questions that may be trained on teach about ranking: of no language model, so it is learnt first and used by all arms.
  const ranking = await withProject({ chat: flags.model }, async (project) => {
    console.log(describeIngest(await ingest(project, { signal, onProgress })));
    const { reference, questions, validation } = await tuneRanking(project, { signal, onProgress });
    const { before, after, difference } = validation;
    onProgress.end();
    console.log(
      `Ranking learnt from ${questions.train} questions: nDCG@10 on ${questions.validation} others ${before.toFixed(3)} → ${after.toFixed(3)} (difference ${difference.low.toFixed(3)} to ${difference.high.toFixed(3)}).`,
    );
    return reference;
  });
  await withProject({ chat: flags.model, ranking }, compareAll);
});

async function compareAll(project: Project): Promise<void> {
  const tuned = await tuneHere(project, flags.mix === 'full' ? {} : { mix: smallMix });
  const { id, metrics } = tuned.adapter;
  console.log(
    `${id}: ${metrics.steps} steps, ${metrics.tokens} tokens in ${duration(metrics.seconds)} (${metrics.tokensPerSecond.toFixed(0)} a second, ${(metrics.peakMemoryBytes / 1e9).toFixed(2)} GB at most); validation loss ${metrics.validationLossBefore?.toFixed(3)} → ${metrics.validationLossAfter?.toFixed(3)}.`,
  );
  const comparison = await compareHere(project, {
    adapterId: id,
    casesPerKind: Number(flags.cases),
    latencyCases: 6,
    validationCases: 16,
    purpose: 'full run',
    command: ['npm run clinic', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
      ' ',
    ),
  });
  const { modelId } = await project.models.chat();
  const name = `${modelId.replaceAll('/', '-')}${flags.mix === 'full' ? '-full-mix' : ''}`;
  const directory = join(import.meta.dirname, 'report', name);
  await mkdir(directory, { recursive: true });
  await copyFile(comparison.files.report, join(directory, 'report.html'));
  const { cases: _cases, passages: _passages, ...numbers } = comparison.result;
  await writeFile(join(directory, 'comparison.json'), `${JSON.stringify(numbers, null, 1)}\n`);
  await writeFile(join(directory, 'summary.txt'), `${summarise(comparison.result)}\n`);
  console.log(
    `\n${summarise(comparison.result)}\n\nReport: ${join('examples/clinic/report', name, 'report.html')}`,
  );
}
