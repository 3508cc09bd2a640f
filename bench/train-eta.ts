/**
 * How true is the time left that a training tells? The clinic's own training data at their real lengths, LoRA on the chat model and then the
 * embedder, with validation: what was told at each step after the first tenth against what it then took.
 *
 *     node bench/train-eta.ts EMBEDDER_FOLDER [--examples 160] [--pairs 1500] [--work DIR]
 *
 * Of the last twentieth nothing is asked: a second off is then many per cent. Writes `results/train-eta.json`; exits with 1 where the median error
 * is above a fifth. On a machine whose other work comes and goes no pace can be foretold: for an idle one.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainEmbedder, trainLora } from '@tandem/nn';
import { clinicExamples } from './train/clinic-examples.ts';
import { clinicPairs } from './train/clinic-pairs.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    examples: { type: 'string', default: '160' },
    pairs: { type: 'string', default: '1500' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-train') },
  },
});
const [embedder] = positionals;
if (embedder === undefined) throw new Error('Give the folder of an embedder: see the head of this file.');

interface Told {
  at: number;
  share: number;
  secondsLeft: number;
}
interface Errors {
  training: string;
  seconds: number;
  /** Of what was left, in absolute value: of the tellings after the first tenth and before the last twentieth. */
  median: number;
  worst: number;
  /** The first telling after a tenth. */
  first: number;
}

mkdirSync(flags.work, { recursive: true });
const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]!.toFixed(2)} before`;
console.log(machine);
const rows = [await decoder(), await encoder(embedder)];
writeFileSync(
  join(import.meta.dirname, 'results', 'train-eta.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, rows }, null, 1)}\n`,
);
if (rows.some(({ median }) => median > 0.2)) process.exitCode = 1;

async function decoder(): Promise<Errors> {
  const { baseFolder, baseFile, train, validation } = await clinicExamples(flags.work);
  const model = join(baseFolder, baseFile);
  const examples = train.slice(0, Number(flags.examples));
  return await watched('LoRA, chat model', (onProgress) =>
    trainLora({
      model,
      examples,
      validation: validation.slice(0, 24),
      hyperparameters: { rank: 16, alpha: 32, batchSize: 4, epochs: 1, seed: 1 },
      onProgress,
    }),
  );
}

async function encoder(directory: string): Promise<Errors> {
  const { train, validation } = await clinicPairs(directory);
  const folder = mkdtempSync(join(tmpdir(), 'tandem-eta-'));
  try {
    return await watched('embedder', (onProgress) =>
      trainEmbedder({
        directory,
        outputDirectory: join(folder, 'embedder'),
        pairs: train.slice(0, Number(flags.pairs)),
        validation: validation.slice(0, 64),
        hyperparameters: { epochs: 1, seed: 1 },
        onProgress,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function watched(
  training: string,
  run: (
    onProgress: (progress: { stage: string; done: number; total?: number; secondsLeft?: number }) => void,
  ) => Promise<unknown>,
): Promise<Errors> {
  const told: Told[] = [];
  let [began, ended] = [0, 0];
  await run(({ stage, done, total, secondsLeft }) => {
    const now = performance.now() / 1000;
    if (stage !== 'training' || !total) return;
    began ||= now;
    ended = now;
    if (secondsLeft !== undefined) told.push({ at: now, share: done / total, secondsLeft });
  });
  const asked = told.filter(({ share }) => share >= 0.1 && share <= 0.95);
  const errors = asked.map(({ at, secondsLeft }) => Math.abs(secondsLeft - (ended - at)) / (ended - at));
  const sorted = [...errors].sort((a, b) => a - b);
  const row = {
    training,
    seconds: ended - began,
    median: sorted[sorted.length >> 1]!,
    worst: sorted.at(-1)!,
    first: errors[0]!,
  };
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  console.log(
    `${training}: ${row.seconds.toFixed(0)} s; time left was wrong by ${percent(row.first)} after the first tenth, ${percent(row.median)} in the median, ${percent(row.worst)} at worst (${errors.length} tellings)`,
  );
  return row;
}
