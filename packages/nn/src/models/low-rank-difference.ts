/**
 * A model as a small difference from another: a file in place of all weights.
 *
 * A safetensors file. `NAME.b` [out, rank] and `NAME.a` [rank, in] stand for b · a, which is added to the base's tensor NAME; `NAME.added` is
 * added as it is; any other tensor is one that the base has not, or is put in its place. Names are those inside `BertModel`, and
 * "classifier.". The header's metadata says what no weight says: `activation` ("sigmoid" or "identity") and `maxTokens`.
 */
import { FileFormatError } from '../errors/file-format-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';

/** A difference in memory, and the settings that go with it. */
export interface LowRankDifference {
  path: string;
  activation: 'sigmoid' | 'identity';
  /** The longest input. */
  maxTokens: number;
  /** By name and row-major; parts as they stand in the file. */
  tensors: ReadonlyMap<string, { values: Float32Array; shape: readonly number[] }>;
}

/** @throws FileFormatError for a missing or damaged file, or one that is no difference. */
export async function readLowRankDifference(path: string): Promise<LowRankDifference> {
  await using file = await SafetensorsFile.open(path);
  const { activation = '', maxTokens = '' } = file.metadata;
  if ((activation !== 'sigmoid' && activation !== 'identity') || !/^[1-9]\d{0,5}$/.test(maxTokens))
    throw new FileFormatError({
      path,
      message: `${path} is no difference of a cross-encoder: its metadata name no activation and maxTokens.`,
      hint: 'Fetch or make the file again.',
    });
  const tensors = new Map<string, { values: Float32Array; shape: readonly number[] }>();
  for (const { name, shape } of file.tensors.values())
    tensors.set(name, { values: await file.read(name), shape });
  return { path, activation, maxTokens: Number(maxTokens), tensors };
}

/**
 * Makes the base's weights those of the other model, in place: changed where they have a difference, new ones added.
 * @param weights by the names that the difference uses
 * @throws FileFormatError where the difference does not fit
 */
export function addLowRankDifference(
  weights: Map<string, Float32Array>,
  { path, tensors }: Pick<LowRankDifference, 'path' | 'tensors'>,
): void {
  const misfit = (name: string) =>
    new FileFormatError({
      path,
      message: `${path} changes "${name}", which its base does not have in this shape.`,
      hint: 'It belongs to another base.',
    });
  for (const [name, { values, shape }] of tensors) {
    const own = name.replace(/\.(?:a|added)$/, '');
    const target = weights.get(own);
    if (name.endsWith('.b')) {
      if (!tensors.has(name.replace(/b$/, 'a'))) throw misfit(name);
    } else if (name.endsWith('.added')) {
      if (target?.length !== values.length) throw misfit(own);
      for (let at = 0; at < values.length; at++) target[at]! += values[at]!;
    } else if (name.endsWith('.a')) {
      const [rank = 0, into = 0] = shape;
      const left = tensors.get(`${own}.b`);
      if (!target || !left || left.shape[1] !== rank || target.length !== left.shape[0]! * into)
        throw misfit(own);
      addProduct(target, left.values, values, { rank, into });
    } else weights.set(name, values);
  }
}

function addProduct(
  target: Float32Array,
  b: Float32Array,
  a: Float32Array,
  { rank, into }: { rank: number; into: number },
): void {
  for (let row = 0; row * into < target.length; row++)
    for (let r = 0; r < rank; r++) {
      const factor = b[row * rank + r]!;
      for (let column = 0; column < into; column++)
        target[row * into + column]! += factor * a[r * into + column]!;
    }
}
