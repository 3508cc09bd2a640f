import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CheckpointMismatchError } from '../errors/checkpoint-mismatch-error.ts';
import { FileFormatError } from '../errors/file-format-error.ts';
import { makeFolder } from '../formats/atomic-write.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import type { Moments } from './adamw.ts';
import type { LoraAdapter } from './lora-adapter.ts';
import { pairs } from './starting-state.ts';
import type { Validation } from './training-job.ts';

const decoderFormat = 'tandem-training-1';

/** Everything that a training needs to go on as if it had never stopped. */
export interface TrainingState {
  /** Steps done; where the data stands follows from it. */
  step: number;
  /** Seconds spent, over all sittings. */
  seconds: number;
  /** Tokens trained on, without padding. */
  tokens: number;
  labelledTokens: number;
  losses: number[];
  validation: Validation[];
  /** Adapter matrices by `<module path>.a` or `.b`. */
  parameters: Map<string, Float32Array>;
  moments: Map<string, Moments>;
  /** The matrices at the lowest validation loss so far. */
  best?: Map<string, Float32Array> | undefined;
  /** What was measured once, before the first step, and is costly: the log-probabilities preferences are held against. */
  reference?: Map<string, Float32Array> | undefined;
}

/** The file that holds it: one file, replaced in one rename, so that a crash leaves the old or the new. */
export function checkpointPath(directory: string): string {
  return path.join(directory, 'checkpoint.safetensors');
}

/**
 * Makes the folder, and removes what a killed process left half-written in it.
 * @throws FileWriteError where it cannot be a folder: before any work.
 */
export async function prepareFolder(directory: string): Promise<void> {
  await makeFolder(directory);
  for (const name of await readdir(directory)) {
    if (name.startsWith('.checkpoint.safetensors.') && name.endsWith('.tmp'))
      await rm(path.join(directory, name));
  }
}

/** Which training a checkpoint belongs to, and what its matrices are. */
export interface CheckpointIdentity {
  /** Hash of base model, data and settings. */
  fingerprint: string;
  shape: Omit<LoraAdapter, 'tensors'>;
}

export async function saveCheckpoint(
  directory: string,
  state: TrainingState,
  { fingerprint, shape }: CheckpointIdentity,
): Promise<void> {
  const { step, seconds, tokens, labelledTokens, losses, validation } = state;
  await makeFolder(directory);
  await writeSafetensors(checkpointPath(directory), stateTensors(state), {
    format: decoderFormat,
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
    otherwise: 'other examples, hyperparameters or base model',
  });
  return tensors && (await readState(tensors));
}

/**
 * The adapter in a folder's checkpoint, finished or not: the one with the lowest validation loss so far, else the latest.
 * @throws FileFormatError where there is no checkpoint or it is damaged.
 */
export async function readCheckpoint(
  directory: string,
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
  if (tensors.metadata.format !== decoderFormat) {
    throw new FileFormatError({
      path: file,
      message: `${file} is no checkpoint of a LoRA training (its format is ${tensors.metadata.format ?? 'not given'}).`,
      hint: 'Give the checkpointDirectory of trainLora or trainPreferences.',
    });
  }
  const shape = JSON.parse(tensors.metadata.shape!) as CheckpointIdentity['shape'];
  const { parameters, best, step, losses, validation } = await readState(tensors);
  return { adapter: { ...shape, tensors: pairs(best ?? parameters) }, step, losses, validation };
}

/** What a training's state is made of, under the names that {@link kindAndKey} takes apart. */
export function stateTensors({
  parameters,
  moments,
  best,
  reference,
}: {
  parameters: ReadonlyMap<string, Float32Array>;
  moments: ReadonlyMap<string, Moments>;
  best?: ReadonlyMap<string, Float32Array> | undefined;
  reference?: ReadonlyMap<string, Float32Array> | undefined;
}): SafetensorsInput[] {
  const tensors: SafetensorsInput[] = [];
  const put = (name: string, data: Float32Array) =>
    tensors.push({ name, dtype: 'F32', shape: [data.length], data });
  for (const [name, values] of parameters) put(`parameter.${name}`, values);
  for (const [name, { first, second }] of moments) {
    put(`first.${name}`, first);
    put(`second.${name}`, second);
  }
  for (const [name, values] of best ?? []) put(`best.${name}`, values);
  for (const [name, values] of reference ?? []) put(`reference.${name}`, values);
  return tensors;
}

export function kindAndKey(name: string): [kind: string, key: string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

/**
 * A folder's checkpoint, open for reading; undefined where there is none.
 * @param otherwise what a checkpoint with another fingerprint was made with.
 * @throws CheckpointMismatchError where it belongs to another training; FileFormatError where it is damaged.
 */
export async function openCheckpoint(
  directory: string,
  { fingerprint, otherwise }: { fingerprint: string; otherwise: string },
): Promise<SafetensorsFile | undefined> {
  const file = checkpointPath(directory);
  if (!existsSync(file)) return undefined;
  const tensors = await SafetensorsFile.open(file);
  if (tensors.metadata.fingerprint === fingerprint) return tensors;
  await tensors[Symbol.asyncDispose]();
  throw new CheckpointMismatchError({
    path: file,
    message: `The checkpoint ${file} belongs to a training with ${otherwise}.`,
    hint: 'Start anew (without resume), or give the same data and settings as before.',
  });
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
  for (const name of tensors.tensors.keys()) {
    const [kind, key] = kindAndKey(name);
    // A copy: what the reader gives may be a view into a larger buffer, and these live as long as the training.
    const values = Float32Array.from(await tensors.read(name));
    if (kind === 'parameter') state.parameters.set(key, values);
    else if (kind === 'best') (state.best ??= new Map()).set(key, values);
    else if (kind === 'reference') (state.reference ??= new Map()).set(key, values);
    else {
      const moments = state.moments.get(key) ?? { first: values, second: values };
      moments[kind as 'first' | 'second'] = values;
      state.moments.set(key, moments);
    }
  }
  return state;
}
