import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openGguf } from '../formats/gguf.ts';
import { ggmlTypes } from '../formats/gguf-types.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import { readMatrix, readRows, type StoredMatrix, storedFloat32, withRows } from './stored-matrix.ts';

const references = path.join(import.meta.dirname, '../../references');

/** A matrix of each kind of block, with the numbers that Python's gguf makes of it. */
async function matrices(): Promise<{ stored: StoredMatrix; exact: Float32Array }[]> {
  await using gguf = await openGguf(path.join(references, 'quants.gguf'));
  await using expected = await SafetensorsFile.open(path.join(references, 'quants.safetensors'));
  const result = [];
  for (const { name, shape, type } of gguf.tensors) {
    const columns = shape.at(-1)!;
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const stored = { type, bytes: await gguf.readBytes(name), rows, columns };
    result.push({ stored, exact: await expected.read(name) });
  }
  return result;
}

test('any rows of any kind of block are those of the whole matrix, as gguf reads it', async () => {
  const all = await matrices();
  const kinds = new Set(all.map(({ stored }) => stored.type));
  for (const kind of ['Q4_K', 'Q5_0', 'Q6_K', 'Q8_0', 'Q4_0', 'Q4_1'] as const)
    expect(kinds.has(kind), kind).toBe(true);
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.nat(), fc.nat(), ({ stored, exact }, a, b) => {
      const [from, to] = [a % (stored.rows + 1), b % (stored.rows + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const out = new Float32Array((to - from) * stored.columns + 3).fill(7);
      readRows(stored, from, to, out);
      const wanted = exact.subarray(from * stored.columns, to * stored.columns);
      expect(out.subarray(0, wanted.length)).toEqual(wanted);
      expect([...out.subarray(wanted.length)]).toEqual([7, 7, 7]);
    }),
  );
  for (const { stored, exact } of all) {
    expect(readMatrix(stored)).toEqual(exact);
    const scratch = new Float32Array(exact.length);
    const read = readMatrix(stored, () => scratch);
    expect(read).toEqual(exact);
    // What is float32 already is not copied.
    if (stored.type !== 'F32') expect(read).toBe(scratch);
  }
});

test('rows in another order, without changing a block', async () => {
  for (const { stored, exact } of await matrices()) {
    const turned = withRows(stored, (row) => stored.rows - 1 - row);
    expect(turned.bytes.length).toBe(stored.bytes.length);
    const { columns, rows } = stored;
    for (let row = 0; row < rows; row++)
      expect(readMatrix(turned).subarray(row * columns, (row + 1) * columns)).toEqual(
        exact.subarray((rows - 1 - row) * columns, (rows - row) * columns),
      );
    expect(stored.bytes.length % ggmlTypes[stored.type].blockBytes).toBe(0);
  }
});

test('a float32 matrix in memory is shared', () => {
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const stored = storedFloat32(values, [2, 3]);
  values[4] = 9;
  expect([...readMatrix(stored)]).toEqual([1, 2, 3, 4, 9, 6]);
});
