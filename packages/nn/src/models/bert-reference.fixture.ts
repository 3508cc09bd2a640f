import path from 'node:path';
import { SafetensorsFile } from '../formats/safetensors.ts';

const references = path.join(import.meta.dirname, '../../references');

/** Texts, and the vectors that sentence-transformers made of them. @param file in references/ */
export async function readTextsWithVectors(
  file: string,
): Promise<{ texts: string[]; vectors: Float32Array[] }> {
  await using reference = await SafetensorsFile.open(path.join(references, file));
  const [count, dimensions] = reference.tensors.get('vectors')!.shape as [number, number];
  const data = await reference.read('vectors');
  return {
    texts: JSON.parse(reference.metadata.texts!),
    vectors: Array.from({ length: count }, (_, row) =>
      data.subarray(row * dimensions, (row + 1) * dimensions),
    ),
  };
}

/** Of two vectors of one length. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
