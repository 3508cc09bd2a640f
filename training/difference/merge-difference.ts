/** A base with a difference added, as a folder that training begins with. */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '@tandem/nn';
import {
  addLowRankDifference,
  readLowRankDifference,
} from '../../packages/nn/src/models/low-rank-difference.ts';

/** Writes `directory` anew: the base's files, and the weights that the difference makes of them. */
export async function mergeDifference({
  base,
  difference,
  directory,
}: {
  /** Folder of the model that the difference belongs to. */
  base: string;
  difference: string;
  directory: string;
}): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  cpSync(base, directory, { recursive: true, filter: (from) => !from.endsWith('model.safetensors') });
  const read = await readLowRankDifference(difference);
  await using file = await SafetensorsFile.open(join(base, 'model.safetensors'));
  const weights = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape, dtype } of file.tensors.values()) {
    if (!/^F/.test(dtype)) continue;
    weights.set(name, Float32Array.from(await file.read(name)));
    shapes.set(name, shape);
  }
  addLowRankDifference(weights, read);
  const tensors = [...weights].map(
    ([name, data]): SafetensorsInput => ({
      name,
      dtype: 'F32',
      shape: [...(shapes.get(name) ?? read.tensors.get(name)!.shape)],
      data,
    }),
  );
  await writeSafetensors(join(directory, 'model.safetensors'), tensors, {});
  // An embedder's limit is for one text; a pair may use what the difference was made for.
  writeFileSync(
    join(directory, 'sentence_bert_config.json'),
    JSON.stringify({ max_seq_length: read.maxTokens, do_lower_case: false }),
  );
}
