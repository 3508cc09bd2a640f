/** What an encoder's training needs to go on as if it had never stopped, in one file that is replaced in one rename. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { CheckpointMismatchError } from '../errors/checkpoint-mismatch-error.ts';
import { sha256OfFile } from '../formats/file-hash.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import type { Moments } from './adamw.ts';
import { checkpointPath } from './checkpoint.ts';

/** Numbers of a training so far; where the data stands follows from `step`. */
export interface EncoderProgressSoFar {
  /** Steps done. */
  step: number;
  /** Over all sittings: of everything, and of the steps alone. */
  seconds: number;
  stepSeconds: number;
  tokens: number;
  pairs: number;
  losses: number[];
  validation: { step: number; loss: number; recallAt1: number }[];
  /** The step of the best values kept; undefined where nothing was measured. */
  bestStep?: number | undefined;
}

export interface EncoderState {
  soFar: EncoderProgressSoFar;
  parameters: ReadonlyMap<string, Float32Array>;
  moments: ReadonlyMap<string, Moments>;
  best?: ReadonlyMap<string, Float32Array> | undefined;
}

export async function saveEncoderCheckpoint(
  directory: string,
  { soFar, parameters, moments, best }: EncoderState,
  fingerprint: string,
): Promise<void> {
  const tensors: SafetensorsInput[] = [];
  const put = (name: string, data: Float32Array) =>
    tensors.push({ name, dtype: 'F32', shape: [data.length], data });
  for (const [name, values] of parameters) put(`parameter.${name}`, values);
  for (const [name, { first, second }] of moments) {
    put(`first.${name}`, first);
    put(`second.${name}`, second);
  }
  for (const [name, values] of best ?? []) put(`best.${name}`, values);
  await mkdir(directory, { recursive: true });
  await writeSafetensors(checkpointPath(directory), tensors, {
    format: 'tandem-encoder-training-1',
    fingerprint,
    state: JSON.stringify(soFar),
  });
}

/**
 * Brings `parameters` and `moments` (in place) to where a folder's checkpoint left them; undefined where there is none.
 * @throws CheckpointMismatchError where it belongs to another training; FileFormatError where it is damaged.
 */
export async function restoreEncoderCheckpoint(
  directory: string,
  { parameters, moments }: Pick<EncoderState, 'parameters' | 'moments'>,
  fingerprint: string,
): Promise<{ soFar: EncoderProgressSoFar; best: Map<string, Float32Array> | undefined } | undefined> {
  const file = checkpointPath(directory);
  if (!existsSync(file)) return undefined;
  await using tensors = await SafetensorsFile.open(file);
  if (tensors.metadata.fingerprint !== fingerprint) {
    throw new CheckpointMismatchError({
      path: file,
      message: `The checkpoint ${file} belongs to a training with other pairs, hyperparameters or another model.`,
      hint: 'Start anew (without resume), or give the same data and settings as before.',
    });
  }
  const best = new Map<string, Float32Array>();
  for (const name of tensors.tensors.keys()) {
    const [kind, key] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)];
    const values = await tensors.read(name);
    if (kind === 'parameter') parameters.get(key)!.set(values);
    else if (kind === 'best') best.set(key, Float32Array.from(values));
    else moments.get(key)![kind as 'first' | 'second'].set(values);
  }
  return {
    soFar: JSON.parse(tensors.metadata.state!) as EncoderProgressSoFar,
    best: best.size > 0 ? best : undefined,
  };
}

/** Which training a checkpoint belongs to: the model's files, and whatever else decides the result. */
export async function encoderFingerprint(modelDirectory: string, decides: unknown): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    hash.update(await sha256OfFile(path.join(modelDirectory, name)));
  }
  return hash.update(JSON.stringify(decides)).digest('hex');
}
