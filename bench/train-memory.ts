/**
 * What a training's memory plans promise against what they take: peak resident memory of the whole process for each plan, in float32
 * and int8, with validation and the best state kept, as a user's training has them.
 *
 *     node bench/train-memory.ts [--examples 60] [--work DIR]
 *
 * The clinic's examples at their real lengths, LoRA r = 16 on all linears; each training in a process of its own. A peak does not mind a
 * busy machine. Writes `results/train-memory.json`; exits with 1 where a plan took more than it promised.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainLora } from '@tandem/nn';
import { clinicExamples } from './train/clinic-examples.ts';

const { values: flags } = parseArgs({
  options: {
    examples: { type: 'string', default: '60' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-train') },
    /** Set for the processes that this one starts. */
    job: { type: 'string' },
  },
});

interface Job {
  precision: 'float32' | 'int8';
  memoryBytes: number;
}
interface Measured {
  recompute: string;
  tokensPerPass: number;
  promised: number;
  peak: number;
  tokensPerSecond: number;
}

if (flags.job !== undefined) console.log(JSON.stringify(await train(JSON.parse(flags.job) as Job)));
else await main();

async function main(): Promise<void> {
  mkdirSync(flags.work, { recursive: true });
  await clinicExamples(flags.work);
  const rows: (Job & Measured)[] = [];
  for (const precision of ['float32', 'int8'] as const) {
    for (let memoryBytes = Number.MAX_SAFE_INTEGER; ; ) {
      const job = { precision, memoryBytes };
      const measured = run(job);
      if (!measured) break;
      rows.push({ ...job, ...measured });
      const { recompute, tokensPerPass, promised, peak } = measured;
      console.log(
        `${precision.padEnd(8)} ${recompute} recomputed, ${tokensPerPass} tokens a pass: promised ${gigabytes(promised)}, took ${gigabytes(peak)}${peak > promised ? ', MORE' : ''}`,
      );
      // The next plan is the one for which this one is too large.
      memoryBytes = promised - 1;
    }
  }
  writeFileSync(
    join(import.meta.dirname, 'results', 'train-memory.json'),
    `${JSON.stringify({ at: new Date().toISOString(), node: process.version, rows }, null, 1)}\n`,
  );
  if (rows.some(({ peak, promised }) => peak > promised)) process.exitCode = 1;
}

/** Nothing where no plan is as small as that. */
function run(job: Job): Measured | undefined {
  const own = ['--examples', flags.examples, '--work', flags.work, '--job', JSON.stringify(job)];
  const output = execFileSync(process.execPath, [import.meta.filename, ...own], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) ?? undefined;
}

async function train({ precision, memoryBytes }: Job): Promise<Measured | null> {
  const { baseFolder, baseFile, train, validation } = await clinicExamples(flags.work);
  try {
    const { metrics } = await trainLora({
      model: join(baseFolder, baseFile),
      examples: train.slice(0, Number(flags.examples)),
      validation: validation.slice(0, 16),
      memoryBytes,
      hyperparameters: { rank: 16, alpha: 32, batchSize: 4, epochs: 1, frozenPrecision: precision },
    });
    const { recompute, tokensPerPass, bytes } = metrics.plan;
    const { peakMemoryBytes: peak, tokensPerSecond } = metrics;
    return { recompute, tokensPerPass, promised: bytes, peak, tokensPerSecond };
  } catch (error) {
    if (/is the least/.test(String(error))) return null;
    throw error;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
