import path from 'node:path';
import { FileFormatError } from '../errors/file-format-error.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import type { DenseModule } from './sentence-modules.ts';

/** A linear layer after the pooling. It is computed here and not in the graph: its weights lie in a file of their own. */
export type DenseLayer = (vector: Float32Array) => Float32Array;

/** @throws FileFormatError for a missing or damaged file. */
export async function loadDenseLayer(module: DenseModule): Promise<DenseLayer> {
  await using file = await SafetensorsFile.open(path.join(module.directory, 'model.safetensors'));
  const weight = Float32Array.from(await file.read('linear.weight'));
  const bias = module.bias ? Float32Array.from(await file.read('linear.bias')) : new Float32Array(module.out);
  if (weight.length !== module.in * module.out || bias.length !== module.out) {
    throw new FileFormatError({
      path: file.path,
      message: `${file.path} has ${weight.length} weights and ${bias.length} biases where config.json asks for ${module.out} × ${module.in} and ${module.out}.`,
      hint: 'Fetch the model again.',
    });
  }
  return (vector) => {
    const result = new Float32Array(module.out);
    for (let row = 0; row < module.out; row++) {
      let sum = bias[row]!;
      for (let column = 0; column < module.in; column++)
        sum += weight[row * module.in + column]! * vector[column]!;
      result[row] = module.activation === 'tanh' ? Math.tanh(sum) : sum;
    }
    return result;
  };
}
