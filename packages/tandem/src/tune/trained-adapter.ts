import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type AdapterLineage, type DataSize, exportGgufLora, exportPeft, type LoraAdapter } from '@tandem/nn';
import type { TokenisedExample, TrainedAdapter, TrainingJob, TrainingOutcome } from './trainer.ts';

/** How much there is to learn from, which settles what the settings leave open. */
export function dataSize(
  train: readonly TokenisedExample[],
  validation: readonly TokenisedExample[],
): DataSize {
  return {
    examples: train.length,
    labelledTokens: train.reduce(
      (sum, { labelSpans }) => sum + labelSpans.reduce((labels, [start, end]) => labels + end - start, 0),
      0,
    ),
    tokens: tokensIn(train),
    validationExamples: validation.length,
    validationTokens: tokensIn(validation),
  };
}

const tokensIn = (examples: readonly TokenisedExample[]) =>
  examples.reduce((sum, { tokens }) => sum + tokens.length, 0);

/** What a trainer of weights counted, as every trainer tells it. */
export function outcomeOf(counted: {
  steps: number;
  tokens: number;
  /** Of each step. */
  losses: readonly number[];
  /** In order, the first from before training. */
  validation: readonly { loss: number }[];
  seconds: number;
  tokensPerSecond: number;
  peakMemoryBytes: number;
}): TrainingOutcome {
  const { steps, tokens, losses, validation, seconds, tokensPerSecond, peakMemoryBytes } = counted;
  const last = losses.slice(-Math.max(1, Math.ceil(losses.length / 10)));
  return {
    steps,
    tokens,
    trainLoss: last.reduce((sum, loss) => sum + loss, 0) / Math.max(1, last.length),
    ...(validation[0] && { validationLossBefore: validation[0].loss }),
    ...(validation.length > 1 && {
      validationLossAfter: Math.min(...validation.slice(1).map(({ loss }) => loss)),
    }),
    seconds,
    tokensPerSecond,
    peakMemoryBytes,
  };
}

/**
 * Writes an adapter in both forms: PEFT's folder, and the file that llama.cpp loads over the base. PEFT is told the base's name on
 * the Hub, or the file's own, never where it lies on this machine.
 */
export async function writeAdapter(
  adapter: LoraAdapter,
  outputDirectory: string,
  {
    baseFile,
    baseModel = basename(baseFile),
    lineage = {},
  }: Pick<TrainingJob, 'baseFile' | 'baseModel'> & { lineage?: AdapterLineage },
): Promise<TrainedAdapter['files']> {
  const files = { peft: join(outputDirectory, 'peft'), gguf: join(outputDirectory, 'adapter.gguf') };
  await mkdir(outputDirectory, { recursive: true });
  await exportPeft(adapter, files.peft, { baseModel, lineage });
  await exportGgufLora(adapter, files.gguf, { base: baseFile, lineage });
  return files;
}
