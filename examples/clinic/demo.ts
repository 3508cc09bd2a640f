/**
 * The README's demo: a small real run of the whole thing on this folder, in about 15 minutes on two cores. It says what it can
 * and cannot show; `npm run clinic` is the full run.
 */
import { relative } from 'node:path';
import { ask, ingest, summarise } from 'tandem';
import type { Project } from 'tandem/project';
import { compareHere, onProgress, run, signal, tuneHere, withProject } from './steps.ts';
import { describeAnswer, describeIngest, duration } from './terminal.ts';

const question = 'What are the treatments for peripheral artery disease?';
const trainingMinutes = 4.5;
const casesPerKind = 5;
/** Some 25,000 tokens; a machine that cannot train on them in time stops at the time. */
const mix = { passages: 48, absent: 8, closed: 14, rewrite: 40, glossary: 0.15 };

const times: [string, number][] = [];

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  console.log(`\n■ ${title}`);
  const started = performance.now();
  const result = await work();
  onProgress.end();
  times.push([title, (performance.now() - started) / 1000]);
  return result;
}

await run(() => withProject({}, demonstrate));

async function demonstrate(project: Project): Promise<void> {
  await step('Models: fetched once (about 580 MB), then from the cache', async () => {
    await project.models.embedder();
    await project.models.chat();
  });
  await step('Ingest: 354 documents on diseases', async () =>
    console.log(describeIngest(await ingest(project, { signal, onProgress }))),
  );
  await step(`Ask: “${question}”, answered in the sources' own words, without a language model`, async () =>
    console.log(describeAnswer(await ask(project, question, { extract: true, signal }))),
  );
  await step('Ask rag: the model as it comes, with the same passages', async () =>
    console.log(describeAnswer(await ask(project, question, { arm: 'rag', signal }))),
  );
  await step('Tune: a small adapter, on this machine', async () => {
    const { adapter, reused } = await tuneHere(project, { mix, maxMinutes: trainingMinutes });
    const { steps, tokens, seconds, tokensPerSecond } = adapter.metrics;
    console.log(
      `${reused ? 'Trained before, reused: ' : ''}${steps} steps on ${tokens} tokens in ${duration(seconds)}, ${tokensPerSecond.toFixed(0)} tokens a second.`,
    );
  });
  await step('Ask hybrid: the tuned model, with the passages it looked for', async () =>
    console.log(describeAnswer(await ask(project, question, { arm: 'hybrid', signal }))),
  );
  const comparison = await step('Compare: the same held-out questions to base, rag, tuned and hybrid', () =>
    compareHere(project, {
      casesPerKind,
      validationCases: 4,
      latencyCases: 2,
      seed: 11,
      purpose: 'demo',
      command: 'npm run demo',
    }),
  );
  console.log(`\n${summarise(comparison.result)}`);
  console.log(`\nReport: ${relative(process.cwd(), comparison.files.report)} (open it in a browser)`);
  console.log(
    `\nThis was a small run: ${comparison.result.cases.length} questions decide little, and a few minutes of training teach little. It shows that every part works and what a report looks like. \`npm run clinic\` asks more; its reports lie in examples/clinic/report/.`,
  );
  console.log(`
With documents of your own:
    npx tandem init --docs FOLDER     makes a tandem.config.ts here
    npx tandem ingest
    npx tandem ask "…"
    npx tandem compare --arms base,rag --qa questions.jsonl`);
  console.log(
    `\nTimes: ${times.map(([title, seconds]) => `${title.split(':')[0]!.toLowerCase()} ${duration(seconds)}`).join(', ')}.`,
  );
}
