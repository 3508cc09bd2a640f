/**
 * The file in which every kind of training keeps its state. It is replaced in one rename, so that a crash leaves the
 * old state or the new.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CheckpointMismatchError } from '../errors/checkpoint-mismatch-error.ts';
import { makeFolder } from '../formats/atomic-write.ts';
import { SafetensorsFile, type SafetensorsInput } from '../formats/safetensors.ts';
import type { Moments } from './adamw.ts';

/** Where a folder's checkpoint is. */
export function checkpointPath(directory: string): string {
  return path.join(directory, 'checkpoint.safetensors');
}

/**
 * Makes the folder, and removes temporary files that a killed process left in it.
 * @throws FileWriteError where it cannot be a folder: before any work.
 */
export async function prepareCheckpointFolder(directory: string): Promise<void> {
  await makeFolder(directory);
  for (const name of await readdir(directory)) {
    if (name.startsWith('.checkpoint.safetensors.') && name.endsWith('.tmp'))
      await rm(path.join(directory, name));
  }
}

/**
 * A folder's checkpoint, open for reading; undefined where there is none.
 * @param otherInputs what must have been different where the fingerprint differs, for the error.
 * @throws CheckpointMismatchError where it belongs to another training; FileFormatError where it is damaged.
 */
export async function openCheckpoint(
  directory: string,
  { fingerprint, otherInputs }: { fingerprint: string; otherInputs: string },
): Promise<SafetensorsFile | undefined> {
  const file = checkpointPath(directory);
  if (!existsSync(file)) return undefined;
  const tensors = await SafetensorsFile.open(file);
  if (tensors.metadata.fingerprint === fingerprint) return tensors;
  await tensors[Symbol.asyncDispose]();
  throw new CheckpointMismatchError({
    path: file,
    message: `The checkpoint ${file} belongs to a training with ${otherInputs}.`,
    hint: 'Start from the beginning (without resume), or give the same data and settings as before.',
  });
}

/** A training's arrays as tensors, each named `<kind>.<name>`; {@link splitTensorName} takes the names apart again. */
export function toCheckpointTensors({
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

/** `parameter`, `first`, `second` (the moments), `best` or `reference`, and the name within it. */
export function splitTensorName(tensor: string): [kind: string, name: string] {
  const dot = tensor.indexOf('.');
  return [tensor.slice(0, dot), tensor.slice(dot + 1)];
}
