/** What an encoder's training needs to go on as if it had never stopped, in one file that is replaced in one rename. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { makeFolder } from '../formats/atomic-write.ts';
import { sha256OfFile } from '../formats/file-hash.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import type { Moments } from './adamw.ts';
import { checkpointPath, kindAndKey, openCheckpoint, stateTensors } from './checkpoint.ts';

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
  { soFar, ...state }: EncoderState,
  fingerprint: string,
): Promise<void> {
  await makeFolder(directory);
  await writeSafetensors(checkpointPath(directory), stateTensors(state), {
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
  await using tensors = await openCheckpoint(directory, {
    fingerprint,
    otherwise: 'other pairs, hyperparameters or another model',
  });
  if (!tensors) return undefined;
  const best = new Map<string, Float32Array>();
  for (const name of tensors.tensors.keys()) {
    const [kind, key] = kindAndKey(name);
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
