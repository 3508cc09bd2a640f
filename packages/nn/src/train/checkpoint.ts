/** Checkpoints of LoRA trainings: everything that a training needs to continue as if it had never stopped. */
import { existsSync } from 'node:fs';
import { FileFormatError } from '../errors/file-format-error.ts';
import { makeFolder } from '../formats/atomic-write.ts';
import { SafetensorsFile, writeSafetensors } from '../formats/safetensors.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { checkpointPath, openCheckpoint, splitTensorName, toCheckpointTensors } from './checkpoint-file.ts';
import type { Validation } from './training-job.ts';
import { type TrainingState, toAdapterTensors } from './training-state.ts';

const format = 'tandem-training-1';

/** Which training a checkpoint belongs to, and what its matrices are. */
export interface CheckpointIdentity {
  /** Hash of base model, data and settings. */
  fingerprint: string;
  shape: Omit<LoraAdapter, 'tensors'>;
}

/**
 * Replaces a folder's checkpoint.
 * @throws FileWriteError when it cannot be written; the old checkpoint is then still there.
 */
export async function saveCheckpoint(
  directory: string,
  state: TrainingState,
  { fingerprint, shape }: CheckpointIdentity,
): Promise<void> {
  const { step, seconds, tokens, labelledTokens, losses, validation } = state;
  await makeFolder(directory);
  await writeSafetensors(checkpointPath(directory), toCheckpointTensors(state), {
    format,
    fingerprint,
    shape: JSON.stringify(shape),
    state: JSON.stringify({ step, seconds, tokens, labelledTokens, losses, validation }),
  });
}

/**
 * The state saved in a folder, or undefined where there is none.
 * @throws CheckpointMismatchError where it belongs to another training; FileFormatError where it is damaged.
 */
export async function loadCheckpoint(
  directory: string,
  fingerprint: string,
): Promise<TrainingState | undefined> {
  await using tensors = await openCheckpoint(directory, {
    fingerprint,
    otherInputs: 'other examples, hyperparameters or base model',
  });
  return tensors && (await readState(tensors));
}

/**
 * The adapter in the checkpoint of a `trainLora` or `trainPreferences` folder, whether or not that training has
 * finished: the adapter with the lowest validation loss so far, or the latest where nothing was validated or `weights` is
 * `latest`.
 * @throws FileFormatError where there is no checkpoint or it is damaged.
 */
export async function readCheckpoint(
  directory: string,
  { weights = 'best' }: { weights?: 'best' | 'latest' } = {},
): Promise<{ adapter: LoraAdapter; step: number; losses: number[]; validation: Validation[] }> {
  const file = checkpointPath(directory);
  if (!existsSync(file)) {
    throw new FileFormatError({
      path: file,
      message: `There is no checkpoint in ${directory}.`,
      hint: "Give a training's checkpointDirectory; it is written after the first step.",
    });
  }
  await using tensors = await SafetensorsFile.open(file);
  if (tensors.metadata.format !== format) {
    throw new FileFormatError({
      path: file,
      message: `${file} is no checkpoint of a LoRA training (its format is ${tensors.metadata.format ?? 'not given'}).`,
      hint: 'Give the checkpointDirectory of trainLora or trainPreferences.',
    });
  }
  const shape = JSON.parse(tensors.metadata.shape!) as CheckpointIdentity['shape'];
  const { parameters, best, step, losses, validation } = await readState(tensors);
  const chosen = (weights === 'best' ? best : undefined) ?? parameters;
  return { adapter: { ...shape, tensors: toAdapterTensors(chosen) }, step, losses, validation };
}

async function readState(tensors: SafetensorsFile): Promise<TrainingState> {
  const state: TrainingState = {
    ...(JSON.parse(tensors.metadata.state!) as Pick<
      TrainingState,
      'step' | 'seconds' | 'tokens' | 'labelledTokens' | 'losses' | 'validation'
    >),
    parameters: new Map(),
    moments: new Map(),
  };
  for (const tensor of tensors.tensors.keys()) {
    const [kind, name] = splitTensorName(tensor);
    // A copy: what the reader gives may be a view into a larger buffer, and these live as long as the training.
    const values = Float32Array.from(await tensors.read(tensor));
    if (kind === 'parameter') state.parameters.set(name, values);
    else if (kind === 'best') (state.best ??= new Map()).set(name, values);
    else if (kind === 'reference') (state.reference ??= new Map()).set(name, values);
    else {
      const moments = state.moments.get(name) ?? { first: values, second: values };
      moments[kind as 'first' | 'second'] = values;
      state.moments.set(name, moments);
    }
  }
  return state;
}
