/**
 * Fine-tuning against PyTorch + Transformers + PEFT: tokens of real text a second, peak memory, and the loss that the same data
 * and steps lead to. The clinic's training examples at their real lengths, LoRA r = 16 on all linears, batches of 4.
 *
 *     node bench/train.ts [--model 135m|0.5b|1.5b] [--file X.gguf] [--steps N] [--rounds 3] [--loss-steps N] [--work DIR]
 *         [--python PYTHON] [--rows fp32,tandem] [--only speed|loss]
 *
 * Both sides get the same base (the GGUF's blocks, dequantised), the same adapter to begin from, the same batches in the same
 * order and the same schedule. The rows take turns in each round, each in a process of its own; a ratio compares rows of one
 * round. Makes its own Python environment in --work at the first run (--python: use that one). Of the larger models the
 * longest example is of at least 1,024 tokens: clinic examples that follow one another. Writes `results/train.json`, or `train-MODEL.json`;
 * exits with 1 where a floor is missed. Speed is for an idle machine: nothing else should run meanwhile; what a loss comes to
 * does not depend on it, so that `--only loss` may run beside other work.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { evaluateLoss, importPeft, trainLora } from '@tandem/nn';
import { epochSteps } from '../packages/nn/src/train/batches.ts';
import { createRandom, shuffled } from '../packages/tandem/src/statistics/random.ts';
import { jsonLines } from './peers/json-lines.ts';
import { pythonEnvironment } from './peers/python-environment.ts';
import { clinicExamples, type Example } from './train/clinic-examples.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: '135m' },
    /** The model's file, where it is not to be fetched. */
    file: { type: 'string' },
    steps: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    'loss-steps': { type: 'string' },
    work: { type: 'string' },
    python: { type: 'string' },
    rows: { type: 'string' },
    /** `speed` or `loss` alone, beside what the other gave before: a loss does not mind a busy machine. */
    only: { type: 'string' },
    /** Set for the processes that this one starts. */
    job: { type: 'string' },
  },
});

/** What is asked of the two sides: `goal` is the aim, `floor` fails the run. */
interface Bound {
  floor: number;
  goal: number;
}
type Measure = 'speedOverFp32' | 'speedOverBest' | 'memoryOverBf16' | 'peakGigabytes' | 'lossAboveFp32';
interface MeasuredModel {
  /** As in `models.chat`; absent where it is the clinic's own. */
  reference?: string;
  steps: number;
  lossSteps: number;
  /** Tokens of the longest example at least. */
  longest: number;
  /** Tandem's rows, with the memory that each may use, in bytes; without a number: all that there is. */
  rows: Record<string, number | undefined>;
  floors: Partial<Record<Measure, Bound>>;
}
const lossAboveFp32 = { floor: 0.01, goal: 0 };
/** With AMX, PyTorch's bf16 uses it; the floor of speed is then lower. */
const hasAmx = /\bamx_tile\b/.test(cpuFlags());
const overBest = (floor: number, goal: number): Bound => ({ floor: hasAmx ? 0.7 : floor, goal });
const models: Record<string, MeasuredModel> = {
  '135m': {
    steps: 24,
    lossSteps: 80,
    longest: 0,
    rows: { tandem: undefined, 'tandem-int8': undefined, 'tandem-small': 1.1e9 },
    floors: {
      speedOverFp32: { floor: 3, goal: 3 },
      speedOverBest: overBest(1.2, 1.8),
      memoryOverBf16: { floor: 0.38, goal: 0.2 },
      lossAboveFp32,
    },
  },
  '0.5b': {
    reference: 'local:qwen2.5-coder-0.5b',
    steps: 8,
    lossSteps: 30,
    longest: 1024,
    rows: { 'tandem-int8': 2.2e9, 'tandem-fast': undefined },
    floors: {
      speedOverBest: overBest(1, 1.5),
      peakGigabytes: { floor: 2.2, goal: 1.3 },
      lossAboveFp32,
    },
  },
  '1.5b': {
    reference: 'local:qwen2.5-coder-1.5b',
    steps: 3,
    lossSteps: 10,
    longest: 1024,
    rows: { 'tandem-int8': 3.5e9, 'tandem-fast': undefined },
    floors: {
      speedOverBest: overBest(0.9, 1.3),
      peakGigabytes: { floor: 3.5, goal: 2.5 },
      lossAboveFp32,
    },
  },
};
const measured = models[flags.model]!;
if (!measured) throw new Error(`--model is one of ${Object.keys(models).join(', ')}.`);
const { floors } = measured;
const stepCount = Number(flags.steps ?? measured.steps);
const lossSteps = Number(flags['loss-steps'] ?? measured.lossSteps);
const work = flags.work ?? join(tmpdir(), `tandem-bench-train-${flags.model}`);
const requirements = [
  'torch==2.13.0',
  'transformers==5.23.0',
  'peft==0.21.2',
  'gguf==0.19.0',
  'accelerate==1.15.0',
];
const threads = 2;
const batchSize = 4;
const learningRate = 5e-4;
const warmupFraction = 0.05;
const peerRows = ['fp32', 'bf16', 'bf16-labelled'] as const;
const tandemRows = Object.keys(measured.rows);

interface Job {
  row: string;
  baseFolder: string;
  baseFile: string;
  initialAdapter: string;
  batches: Example[][];
  validation: Example[];
  threads: number;
  learningRate: number;
  warmupFraction: number;
}
interface Outcome {
  tokensPerSecond: number;
  peakBytes: number;
  losses: number[];
  validationLoss?: number;
}

if (flags.job !== undefined) await tandemSide(JSON.parse(readFileSync(flags.job, 'utf8')));
else await main();

/** One of Tandem's rows, in a process of its own: the same lines as the peer prints. */
async function tandemSide(job: Job): Promise<void> {
  const model = join(job.baseFolder, job.baseFile);
  let last: number | undefined;
  let tokens = 0;
  const { adapter } = await trainLora({
    model,
    // The batches are its own: computed from the same examples with the same seed (see `jobFor`).
    examples: job.batches.flat(),
    initialAdapter: await importPeft(job.initialAdapter),
    threads: job.threads,
    ...(measured.rows[job.row] !== undefined && { memoryBytes: measured.rows[job.row]! }),
    hyperparameters: {
      rank: 16,
      alpha: 32,
      batchSize,
      learningRate,
      warmupFraction,
      epochs: 1,
      seed: 1,
      frozenPrecision: job.row === 'tandem' ? 'float32' : 'int8',
    },
    onProgress: (progress) => {
      if (progress.stage !== 'training') return;
      const now = performance.now();
      // Between the reports of two steps lies one step.
      if (last !== undefined && progress.tokens !== undefined && progress.loss !== undefined)
        console.log(
          JSON.stringify({
            seconds: (now - last) / 1000,
            tokens: progress.tokens - tokens,
            loss: progress.loss,
          }),
        );
      last = now;
      tokens = progress.tokens ?? tokens;
    },
  });
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const validationLoss =
    job.validation.length > 0
      ? (await evaluateLoss({ model, examples: job.validation, adapter, threads: job.threads })).loss
      : undefined;
  console.log(JSON.stringify({ peakBytes, validationLoss }));
}

async function main(): Promise<void> {
  mkdirSync(work, { recursive: true });
  const python = flags.python ?? pythonEnvironment(work, requirements);
  const given = flags.file === undefined ? measured.reference : `local:${resolve(flags.file)}`;
  const { baseFolder, baseFile, train, validation } = await clinicExamples(work, given);
  const initialAdapter = join(work, 'initial-adapter');
  const jobFor = (row: string, steps: number, withValidation: boolean): Job => {
    const examples = withLongExample(
      shuffled(train, createRandom(7)).slice(0, steps * batchSize),
      measured.longest,
    );
    const order = epochSteps(
      examples.map(({ tokens }) => tokens.length),
      batchSize,
      1,
      0,
    );
    // Tandem makes its steps of the examples by itself, so it gets them unordered; the peer gets the steps.
    const batches = row.startsWith('tandem')
      ? [examples]
      : order.map((step) => step.map((at) => examples[at]!));
    return {
      row,
      baseFolder,
      baseFile,
      initialAdapter,
      batches,
      validation: withValidation ? validation : [],
      threads,
      learningRate,
      warmupFraction,
    };
  };
  const run = async (job: Job): Promise<Outcome> => {
    const file = join(work, `job-${process.pid}.json`);
    writeFileSync(file, JSON.stringify(job));
    const lines = job.row.startsWith('tandem')
      ? await jsonLines(process.execPath, [
          fileURLToPath(import.meta.url),
          '--model',
          flags.model,
          '--job',
          file,
        ])
      : await jsonLines(python, [join(import.meta.dirname, 'train_peer.py'), 'train', file]);
    const steps = lines.filter((line) => 'tokens' in line) as {
      seconds: number;
      tokens: number;
      loss: number;
    }[];
    const { peakBytes, validationLoss } = lines.at(-1) as { peakBytes: number; validationLoss?: number };
    // The first two steps warm caches and threads on either side.
    const timed = steps.slice(2);
    return {
      tokensPerSecond: sum(timed.map(({ tokens }) => tokens)) / sum(timed.map(({ seconds }) => seconds)),
      peakBytes,
      losses: steps.map(({ loss }) => loss),
      ...(validationLoss !== undefined && { validationLoss }),
    };
  };

  if (!existsSync(initialAdapter)) {
    const file = join(work, `job-${process.pid}.json`);
    writeFileSync(file, JSON.stringify(jobFor('fp32', 1, false)));
    await jsonLines(python, [join(import.meta.dirname, 'train_peer.py'), 'init', file]);
  }
  const rows = flags.rows?.split(',') ?? [...peerRows, ...tandemRows];
  const speeds = new Map<string, Outcome[]>(rows.map((row) => [row, []]));
  const lengths = jobFor('fp32', stepCount, false)
    .batches.flat()
    .map(({ tokens }) => tokens.length);
  console.log(
    `${cpus()[0]?.model} (${usedFlags()}); ${flags.model}: ${stepCount} steps of ${batchSize} examples, ${sum(lengths)} tokens (${Math.min(...lengths)} to ${Math.max(...lengths)} each), ${flags.rounds} rounds; load before ${loadavg()[0]!.toFixed(2)}.`,
  );
  for (let round = 0; flags.only !== 'loss' && round < Number(flags.rounds); round++) {
    // Each round begins with another row, so that none is always the first after a pause.
    const order = rows.map((_, index) => rows[(index + round) % rows.length]!);
    for (const row of order) {
      const outcome = await run(jobFor(row, stepCount, false));
      speeds.get(row)!.push(outcome);
      console.log(
        `  round ${round + 1} ${row.padEnd(14)} ${outcome.tokensPerSecond.toFixed(0).padStart(5)} tokens/s  ${(outcome.peakBytes / 1e9).toFixed(2)} GB`,
      );
    }
  }
  const losses = new Map<string, number>();
  if (flags.only !== 'speed' && lossSteps > 0)
    for (const row of rows) {
      const { validationLoss } = await run(jobFor(row, lossSteps, true));
      losses.set(row, validationLoss!);
      console.log(
        `  after ${lossSteps} steps ${row.padEnd(14)} validation loss ${validationLoss!.toFixed(4)}`,
      );
    }
  const file = join(
    import.meta.dirname,
    'results',
    flags.model === '135m' ? 'train.json' : `train-${flags.model}.json`,
  );
  const machine = {
    cpu: cpus()[0]?.model,
    cpuFlags: usedFlags(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    node: process.version,
    loadBefore: loadavg()[0],
  };
  const before: Results | undefined =
    flags.only && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  const updated = Object.fromEntries(
    rows.map((row): [string, Row] => {
      const list = speeds.get(row)!;
      const loss = losses.get(row);
      return [
        row,
        {
          ...before?.rows[row],
          ...(list.length > 0 && {
            tokensPerSecond: list.map((one) => Math.round(one.tokensPerSecond)),
            peakBytes: list.map((one) => one.peakBytes),
          }),
          ...(loss !== undefined && { validationLoss: loss }),
        },
      ];
    }),
  );
  // Rows that were not asked for stay as they were.
  const all = { ...before?.rows, ...updated };
  const results: Results = {
    ...before,
    ...(flags.only !== 'loss' && {
      speed: { at: new Date().toISOString(), machine, steps: stepCount },
    }),
    ...(flags.only !== 'speed' && {
      loss: { at: new Date().toISOString(), machine, steps: lossSteps },
    }),
    peer: requirements,
    threads,
    batchSize,
    rows: all,
    verdicts: judge(all),
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

/** What `results/train.json` holds. */
interface Results {
  speed?: Part;
  loss?: Part;
  peer: string[];
  threads: number;
  batchSize: number;
  rows: Record<string, Row>;
  verdicts: Record<string, unknown>[];
}
interface Part {
  at: string;
  machine: Record<string, unknown>;
  steps: number;
}
/** A list has one number for each round. */
interface Row {
  tokensPerSecond?: number[];
  peakBytes?: number[];
  validationLoss?: number;
}

/** Ratios within rounds: median and range. Sets the exit code where a floor is missed. */
function judge(rows: Record<string, Row>) {
  const verdicts: Record<string, unknown>[] = [];
  const compare = (
    tandem: string,
    name: Measure,
    values: number[],
    meets: (value: number, bound: number) => boolean,
  ) => {
    const bound = floors[name];
    if (!bound || values.some(Number.isNaN) || values.length === 0) return;
    const sorted = values.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    const { floor, goal } = bound;
    const passed = meets(median, floor);
    if (!passed) process.exitCode = 1;
    verdicts.push({ row: tandem, name, median, low: sorted[0], high: sorted.at(-1), floor, goal, passed });
    console.log(
      `${tandem}, ${name}: ${median.toFixed(3)} (${sorted[0]!.toFixed(3)} to ${sorted.at(-1)!.toFixed(3)}); at least ${floor}, aim ${goal}: ${passed ? (meets(median, goal) ? 'aim reached' : 'floor reached') : 'MISSED'}`,
    );
  };
  const atLeast = (value: number, bound: number) => value >= bound;
  const atMost = (value: number, bound: number) => value <= bound;
  for (const row of tandemRows.filter((name) => rows[name])) {
    const own = rows[row]!;
    const speedOf = (name: string, round: number) => rows[name]?.tokensPerSecond?.[round] ?? Number.NaN;
    const speeds = own.tokensPerSecond ?? [];
    compare(
      row,
      'speedOverFp32',
      speeds.map((speed, round) => speed / speedOf('fp32', round)),
      atLeast,
    );
    compare(
      row,
      'speedOverBest',
      speeds.map((speed, round) => speed / Math.max(...peerRows.map((name) => speedOf(name, round)))),
      atLeast,
    );
    compare(
      row,
      'memoryOverBf16',
      (own.peakBytes ?? []).map((bytes, round) => bytes / (rows.bf16?.peakBytes?.[round] ?? Number.NaN)),
      atMost,
    );
    compare(
      row,
      'peakGigabytes',
      // Of a row that may use all memory, what it uses is no fault.
      measured.rows[row] === undefined ? [] : (own.peakBytes ?? []).map((bytes) => bytes / 1e9),
      atMost,
    );
    compare(
      row,
      'lossAboveFp32',
      [(own.validationLoss ?? Number.NaN) - (rows.fp32?.validationLoss ?? Number.NaN)],
      atMost,
    );
  }
  return verdicts;
}

/** The examples with one that is at least so long: the last one, followed by as many others as that takes. */
function withLongExample(examples: readonly Example[], longest: number): Example[] {
  const joined = { tokens: [] as number[], labelSpans: [] as [number, number][] };
  for (const { tokens, labelSpans } of [...examples, ...examples]) {
    if (joined.tokens.length >= longest) break;
    const at = joined.tokens.length;
    joined.tokens.push(...tokens);
    joined.labelSpans.push(...labelSpans.map(([start, end]): [number, number] => [start + at, end + at]));
  }
  return longest > 0 ? [...examples.slice(0, -1), joined] : [...examples];
}

function cpuFlags(): string {
  return existsSync('/proc/cpuinfo')
    ? (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '')
    : '';
}

/** Those that matrix products are fast by. */
function usedFlags(): string {
  return (
    cpuFlags()
      .match(/\b(?:avx2|avx512f|avx512_vnni|avx_vnni|avx512_bf16|amx_tile|amx_int8|amx_bf16)\b/g)
      ?.join(' ') ?? 'no flags known'
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
