/**
 * Embedder fine-tuning with in-batch negatives against sentence-transformers: pairs a second, peak memory, and the validation
 * loss that the same data and steps lead to. The clinic's training questions with the passages that answer them.
 *
 *     node bench/train-embedder.ts MODEL_FOLDER [--steps 10] [--rounds 3] [--loss-steps 30] [--batch 64] [--work DIR] [--python PYTHON]
 *
 * All sides get the same model, the same batches in the same order and the same schedule (AdamW, linear, no dropout), each in a
 * process of its own. The rows take turns in each round; a ratio compares rows of one round. Makes its own Python environment
 * in --work at the first run (--python: use that one). Writes `results/train-embedder.json`; exits with 1 where a floor is missed.
 * For an idle machine: nothing else should run meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type EmbedderPair, trainEmbedder } from '@tandem/nn';
import { contrastiveBatches } from '../packages/nn/src/train/embedder-batches.ts';
import { jsonLines } from './peers/json-lines.ts';
import { pythonEnvironment } from './peers/python-environment.ts';
import { clinicPairs } from './train/clinic-pairs.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    'loss-steps': { type: 'string', default: '30' },
    batch: { type: 'string', default: '64' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-train-embedder') },
    python: { type: 'string' },
    rows: { type: 'string', default: 'fp32,bf16,tandem,tandem-int8' },
    /** Set for the processes that this one starts. */
    job: { type: 'string' },
  },
});

const requirements = ['torch==2.13.0', 'transformers==5.23.0', 'sentence-transformers==6.2.0'];
/** What `tandem tune --embedder` does where the CPU has products of integers; of the other row only the loss is asked. */
const defaultRow = 'tandem-int8';
const floors = { speedOverBest: { floor: 1, goal: 1.5 }, lossAboveFp32: { floor: 0.01, goal: 0 } };
const threads = 2;
const learningRate = 5e-5;
const warmupFraction = 0.1;
const batchSize = Number(flags.batch);

interface Job {
  row: string;
  directory: string;
  pairs: EmbedderPair[];
  batches: EmbedderPair[][];
  validation: EmbedderPair[][];
  threads: number;
  learningRate: number;
  warmupFraction: number;
  output?: string | undefined;
}
interface Outcome {
  pairsPerSecond: number;
  cpuSecondsPerStep: number;
  peakBytes: number;
  losses: number[];
}

if (flags.job !== undefined) await tandemSide(JSON.parse(readFileSync(flags.job, 'utf8')));
else await main();

/** Tandem's row, in a process of its own: the same lines as the peer prints. */
async function tandemSide(job: Job): Promise<void> {
  const output = job.output ?? join(flags.work, `unused-${process.pid}`);
  let last: { at: number; cpu: number } | undefined;
  let pairs = 0;
  const now = () => {
    const { user, system } = process.cpuUsage();
    return { at: performance.now() / 1000, cpu: (user + system) / 1e6 };
  };
  await trainEmbedder({
    directory: job.directory,
    outputDirectory: output,
    pairs: job.pairs,
    threads: job.threads,
    hyperparameters: {
      batchSize,
      learningRate,
      warmupFraction,
      epochs: 1,
      seed: 1,
      products: job.row === 'tandem-int8' ? 'int8' : 'float32',
    },
    onProgress: ({ stage, loss }) => {
      const here = now();
      // Between the reports of two steps lies one step; the first has the loading before it.
      if (stage === 'training' && loss !== undefined) {
        const size = job.batches[pairs++]!.length;
        console.log(
          JSON.stringify({
            seconds: here.at - (last?.at ?? here.at),
            cpuSeconds: here.cpu - (last?.cpu ?? here.cpu),
            pairs: size,
            loss,
          }),
        );
      }
      last = here;
    },
  });
  if (!job.output) rmSync(output, { recursive: true });
  console.log(JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1024 }));
}

async function main(): Promise<void> {
  const directory = positionals[0];
  if (!directory) {
    console.error(
      'Give the folder of a sentence-transformers model: node bench/train-embedder.ts MODEL_FOLDER',
    );
    process.exitCode = 2;
    return;
  }
  mkdirSync(flags.work, { recursive: true });
  const python = flags.python ?? pythonEnvironment(flags.work, requirements);
  const peer = join(import.meta.dirname, 'train_embedder_peer.py');
  const { train, validation: all } = await clinicPairs(directory);
  const validation = all.slice(0, 4 * batchSize);
  const held = contrastiveBatches(validation, batchSize, 0, 0).map((batch) =>
    batch.map((at) => validation[at]!),
  );
  const jobFor = (row: string, steps: number, output?: string): Job => {
    const pairs = train.slice(0, steps * batchSize);
    // What Tandem makes of the pairs by itself, with the same seed.
    const batches = contrastiveBatches(pairs, batchSize, 1, 0).map((batch) => batch.map((at) => pairs[at]!));
    return {
      row,
      directory,
      pairs,
      batches,
      validation: held,
      threads,
      learningRate,
      warmupFraction,
      output,
    };
  };
  const file = join(flags.work, 'job.json');
  const run = async (job: Job): Promise<Outcome> => {
    writeFileSync(file, JSON.stringify(job));
    const lines = job.row.startsWith('tandem')
      ? await jsonLines(process.execPath, [
          fileURLToPath(import.meta.url),
          '--job',
          file,
          '--batch',
          flags.batch,
        ])
      : await jsonLines(python, [peer, 'train', file]);
    const steps = lines.filter((line) => 'pairs' in line) as {
      seconds: number;
      cpuSeconds: number;
      pairs: number;
      loss: number;
    }[];
    // The first two steps warm caches and threads on either side.
    const timed = steps.slice(2);
    return {
      pairsPerSecond: sum(timed.map(({ pairs }) => pairs)) / sum(timed.map(({ seconds }) => seconds)),
      cpuSecondsPerStep: sum(timed.map(({ cpuSeconds }) => cpuSeconds)) / timed.length,
      peakBytes: (lines.at(-1) as { peakBytes: number }).peakBytes,
      losses: steps.map(({ loss }) => loss),
    };
  };

  const rows = flags.rows.split(',');
  const speeds = new Map<string, Outcome[]>(rows.map((row) => [row, []]));
  console.log(
    `${flags.steps} steps of ${batchSize} pairs, ${flags.rounds} rounds; load before ${loadavg()[0]!.toFixed(2)}.`,
  );
  for (let round = 0; round < Number(flags.rounds); round++) {
    // Each round begins with another row, so that none is always the first after a pause.
    for (const row of rows.map((_, index) => rows[(index + round) % rows.length]!)) {
      const outcome = await run(jobFor(row, Number(flags.steps)));
      speeds.get(row)!.push(outcome);
      const { pairsPerSecond, cpuSecondsPerStep, peakBytes } = outcome;
      console.log(
        `  round ${round + 1} ${row.padEnd(7)} ${pairsPerSecond.toFixed(1).padStart(6)} pairs/s  ${cpuSecondsPerStep.toFixed(2)} CPU s a step  ${(peakBytes / 1e9).toFixed(2)} GB`,
      );
    }
  }
  const losses = new Map<string, number>();
  if (Number(flags['loss-steps']) > 0) {
    for (const row of rows) {
      const trained = join(flags.work, `trained-${row}`);
      rmSync(trained, { recursive: true, force: true });
      const job = jobFor(row, Number(flags['loss-steps']), trained);
      await run(job);
      // One measure for all rows: sentence-transformers in float32.
      writeFileSync(file, JSON.stringify({ ...job, directory: trained }));
      const [line] = await jsonLines(python, [peer, 'validate', file]);
      losses.set(row, (line as { validationLoss: number }).validationLoss);
      console.log(
        `  after ${flags['loss-steps']} steps ${row.padEnd(7)} validation loss ${losses.get(row)!.toFixed(4)}`,
      );
    }
  }
  const verdicts = judge(speeds, losses);
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(
    join(import.meta.dirname, 'results', 'train-embedder.json'),
    `${JSON.stringify(
      {
        at: new Date().toISOString(),
        machine: {
          cpu: cpus()[0]?.model,
          cores: cpus().length,
          memoryBytes: totalmem(),
          node: process.version,
          loadBefore: loadavg()[0],
        },
        peer:
          flags.python === undefined
            ? requirements
            : execFileSync(python, ['-m', 'pip', 'freeze'], { encoding: 'utf8' })
                .split('\n')
                .filter((line) => /^(torch|transformers|sentence-transformers)==/.test(line)),
        threads,
        batchSize,
        steps: Number(flags.steps),
        rows: Object.fromEntries(
          [...speeds].map(([row, list]) => [row, { runs: list, validationLoss: losses.get(row) }]),
        ),
        verdicts,
      },
      null,
      1,
    )}\n`,
  );
}

/** Ratios within rounds: median and range. Sets the exit code where a floor is missed. */
function judge(speeds: Map<string, Outcome[]>, losses: Map<string, number>) {
  return [...speeds.keys()]
    .filter((row) => row.startsWith('tandem'))
    .flatMap((row) => judgeRow(row, speeds, losses));
}

function judgeRow(row: string, speeds: Map<string, Outcome[]>, losses: Map<string, number>) {
  const own = speeds.get(row) ?? [];
  const peers = [...speeds].filter(([name]) => !name.startsWith('tandem')).map(([, list]) => list);
  if (own.length === 0 || peers.length === 0) return [];
  const ratios = own
    .map((one, round) => one.pairsPerSecond / Math.max(...peers.map((list) => list[round]!.pairsPerSecond)))
    .sort((a, b) => a - b);
  const rows = [
    {
      name: 'speedOverBest' as const,
      values: ratios,
      passes: (value: number, bound: number) => value >= bound,
    },
    {
      name: 'lossAboveFp32' as const,
      values: losses.has(row) && losses.has('fp32') ? [losses.get(row)! - losses.get('fp32')!] : [],
      passes: (value: number, bound: number) => value <= bound,
    },
  ];
  return rows.flatMap(({ name, values, passes }) => {
    if (values.length === 0) return [];
    const { floor, goal } = floors[name];
    const median = values[Math.floor(values.length / 2)]!;
    const asked = name === 'lossAboveFp32' || row === defaultRow;
    const passed = passes(median, floor);
    if (asked && !passed) process.exitCode = 1;
    const verdict = passed ? (passes(median, goal) ? 'aim reached' : 'floor reached') : 'MISSED';
    console.log(
      `${row}, ${name}: ${median.toFixed(3)} (${values[0]!.toFixed(3)} to ${values.at(-1)!.toFixed(3)})${asked ? `; at least ${floor}, aim ${goal}: ${verdict}` : ''}`,
    );
    return [
      { row, name, median, low: values[0], high: values.at(-1), ...(asked && { floor, goal, passed }) },
    ];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
