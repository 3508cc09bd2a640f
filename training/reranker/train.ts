/**
 * Makes Tandem's general reranker: corpus, pairs, training, and the difference from all-MiniLM-L6-v2 that is shipped, with its card.
 *
 *     npm run train-reranker -- --work FOLDER [--share 0.1] [--method lora|full] [--rank 32] [--learning-rate 1e-3] [--threads 2] [--output FOLDER]
 *
 * Each step is kept in --work and not done again; a training that was stopped continues. --share trains on that part of the pairs (a
 * pilot). --output is the folder that the package ships by default; a pilot should name another. One thread is faster than two where other
 * programs use the cores.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { trainCrossEncoder } from '@tandem/nn';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { compareModels } from './compare-models.ts';
import { readPairs } from './read-pairs.ts';
import { writeCard } from './write-card.ts';
import { writeDifference } from './write-difference.ts';

const { values: flags } = parseArgs({
  options: {
    work: { type: 'string' },
    share: { type: 'string', default: '1' },
    method: { type: 'string', default: 'lora' },
    rank: { type: 'string', default: '32' },
    'learning-rate': { type: 'string' },
    threads: { type: 'string', default: '2' },
    output: {
      type: 'string',
      default: join(import.meta.dirname, '../../packages/tandem/src/models/tandem-reranker'),
    },
  },
});
if (!flags.work) throw new Error('Name a folder for what is made on the way: --work FOLDER.');
const share = Number(flags.share);
const rank = Number(flags.rank);
const { train, validation } = await readPairs(flags.work);
// Every so many, so that a pilot has all kinds.
const pairs = train.filter((_, at) => Math.floor(at * share) !== Math.floor((at - 1) * share));
console.log(`${pairs.length} of ${train.length} pairs, ${validation.length} held out`);

const base = await fetchModel('local:all-minilm-l6-v2');
const hyperparameters = {
  method: flags.method as 'full' | 'lora',
  ...(flags.method === 'lora' ? { rank, alpha: 2 * rank } : { products: 'int8' as const }),
  learningRate: Number(flags['learning-rate'] ?? (flags.method === 'lora' ? 1e-3 : 1e-4)),
  batchSize: 16,
  epochs: 1,
  schedule: 'cosine' as const,
  warmupFraction: 0.06,
  // The pairs have their own: one or two hard ones each.
  negatives: 0,
  seed: 1,
};
const run = `cross-encoder-${flags.method}-${rank}-${flags['learning-rate'] ?? ''}-${flags.share}`;
const trained = await trainCrossEncoder({
  directory: base.path,
  outputDirectory: join(flags.work, run),
  pairs,
  // Measuring costs a third of training on as much: a few are enough to see it go well.
  validation: validation.filter((_, at) => at % 4 === 0),
  hyperparameters,
  evaluateEverySteps: Number.MAX_SAFE_INTEGER,
  threads: Number(flags.threads),
  onTooLong: 'truncate',
  checkpointDirectory: join(flags.work, `${run}.checkpoint`),
  resume: true,
  onProgress: tellProgress(),
});
writeFileSync(join(flags.work, `${run}.json`), JSON.stringify(trained.metrics));

mkdirSync(flags.output, { recursive: true });
const file = join(flags.output, 'difference.safetensors');
const maxTokens = 512;
const truncation = await writeDifference(file, {
  base: base.path,
  trained: trained.directory,
  rank,
  maxTokens,
});
const comparison = await compareModels(validation, {
  whole: { directory: trained.directory },
  shipped: { directory: base.path, difference: file },
});
console.log(comparison);
writeCard(flags.output, {
  base: base.sha256,
  made: train.length,
  pairs,
  validation,
  hyperparameters,
  rank,
  metrics: trained.metrics,
  truncation,
  comparison,
});

/** A line each half minute, and one for each measurement. */
function tellProgress() {
  let told = 0;
  return ({
    stage,
    done,
    total,
    detail = '',
    secondsLeft,
  }: {
    stage: string;
    done: number;
    total?: number;
    detail?: string;
    secondsLeft?: number;
  }) => {
    if (performance.now() - told < 30_000 && !detail.includes('validation')) return;
    told = performance.now();
    const left = secondsLeft === undefined ? '' : `, ${(secondsLeft / 60).toFixed(0)} min left`;
    console.log(
      `${new Date().toISOString().slice(11, 19)} ${stage} ${done}/${total ?? '?'} ${detail}${left}`,
    );
  };
}
