/** Checkpoints of encoder trainings: everything that a training needs to continue as if it had never stopped. */
import { makeFolder } from '../formats/atomic-write.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { Moments } from './adamw.ts';
import { checkpointPath, openCheckpoint, splitTensorName, toCheckpointTensors } from './checkpoint-file.ts';
import type { EncoderValidation } from './encoder-job.ts';

/** Numbers of a training so far. Which examples come next follows from `step`. */
export interface EncoderCounters {
  /** Steps done. */
  step: number;
  /** Seconds spent, in this process and in those before it that were stopped: on everything, and on the steps alone. */
  seconds: number;
  stepSeconds: number;
  tokens: number;
  pairs: number;
  losses: number[];
  validation: EncoderValidation[];
  /** The step of the best values kept; undefined where nothing was measured. */
  bestStep?: number | undefined;
}

export interface EncoderState {
  counters: EncoderCounters;
  parameters: ReadonlyMap<string, Float32Array>;
  moments: ReadonlyMap<string, Moments>;
  best?: ReadonlyMap<string, Float32Array> | undefined;
}

/**
 * Replaces a folder's checkpoint.
 * @throws FileWriteError when it cannot be written; the old checkpoint is then still there.
 */
export async function saveEncoderCheckpoint(
  directory: string,
  { counters, ...arrays }: EncoderState,
  fingerprint: string,
): Promise<void> {
  await makeFolder(directory);
  await writeSafetensors(checkpointPath(directory), toCheckpointTensors(arrays), {
    format: 'tandem-encoder-training-1',
    fingerprint,
    state: JSON.stringify(counters),
  });
}

/**
 * Sets `parameters` and `moments` (in place) to what a folder's checkpoint holds; undefined where there is none.
 * @throws CheckpointMismatchError where it belongs to another training; FileFormatError where it is damaged.
 */
export async function restoreEncoderCheckpoint(
  directory: string,
  { parameters, moments }: Pick<EncoderState, 'parameters' | 'moments'>,
  fingerprint: string,
): Promise<{ counters: EncoderCounters; best: Map<string, Float32Array> | undefined } | undefined> {
  await using tensors = await openCheckpoint(directory, {
    fingerprint,
    otherInputs: 'other pairs, hyperparameters or another model',
  });
  if (!tensors) return undefined;
  const best = new Map<string, Float32Array>();
  for (const tensor of tensors.tensors.keys()) {
    const [kind, name] = splitTensorName(tensor);
    const values = await tensors.read(tensor);
    if (kind === 'parameter') parameters.get(name)!.set(values);
    else if (kind === 'best') best.set(name, Float32Array.from(values));
    else moments.get(name)![kind as 'first' | 'second'].set(values);
  }
  return {
    counters: JSON.parse(tensors.metadata.state!) as EncoderCounters,
    best: best.size > 0 ? best : undefined,
  };
}
