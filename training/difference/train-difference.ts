/** Trains a cross-encoder from all-MiniLM-L6-v2, and writes its low-rank difference from that, in half precision. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EncoderMetrics, trainCrossEncoder } from '@tandem/nn';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { rerankerFolder } from '../reranker/reranker-folder.ts';
import { compareModels, type FormedPair, type HeldOut } from './compare-models.ts';
import { mergeDifference } from './merge-difference.ts';
import type { TrainingFlags } from './training-flags.ts';
import { type Truncation, writeDifference } from './write-difference.ts';

/** What came of a training. */
export interface TrainedDifference {
  /** SHA-256 of the base's weights. */
  base: string;
  metrics: EncoderMetrics;
  truncation: Truncation;
  /** On all held-out pairs: the weights as they were trained, and the base with the difference. */
  comparison: Record<'whole' | 'shipped', HeldOut>;
}

/** The longest input, in tokens. */
const maxTokens = 512;

/** Writes `difference.safetensors` into the flags' output folder. A training that was stopped continues. */
export async function trainDifference(
  { train, validation }: { train: readonly FormedPair[]; validation: readonly FormedPair[] },
  flags: TrainingFlags,
): Promise<TrainedDifference> {
  const { work, run, output, threads, rank, hyperparameters, beginWith } = flags;
  const base = await fetchModel('local:all-minilm-l6-v2');
  const { directory, metrics } = await trainCrossEncoder({
    directory: beginWith ? await rerankerIn(join(work, 'reranker'), base.path) : base.path,
    outputDirectory: join(work, run),
    pairs: train,
    // Measuring costs a third of training on as much: a few are enough to see it go well.
    validation: validation.filter((_, at) => at % 4 === 0),
    hyperparameters,
    evaluateEverySteps: Number.MAX_SAFE_INTEGER,
    threads,
    onTooLong: 'truncate',
    checkpointDirectory: join(work, `${run}.checkpoint`),
    resume: true,
    onProgress: tellProgress(),
  });
  writeFileSync(join(work, `${run}.json`), JSON.stringify(metrics));
  mkdirSync(output, { recursive: true });
  const file = join(output, 'difference.safetensors');
  const truncation = await writeDifference(file, { base: base.path, trained: directory, rank, maxTokens });
  const comparison = await compareModels(validation, {
    whole: { directory },
    shipped: { directory: base.path, difference: file },
  });
  console.log(comparison);
  return { base: base.sha256, metrics, truncation, comparison };
}

/** The shipped reranker as a folder: it has learnt to read two texts together. */
async function rerankerIn(directory: string, base: string): Promise<string> {
  await mergeDifference({ base, difference: join(rerankerFolder, 'difference.safetensors'), directory });
  return directory;
}

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
