import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import {
  type SafetensorsDtype,
  SafetensorsFile,
  type SafetensorsInput,
  writeSafetensors,
} from './safetensors.ts';

const references = path.join(import.meta.dirname, '../../references');
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'safetensors-'));
  file = path.join(folder, 'x.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

const sizes: Partial<Record<SafetensorsDtype, number>> = {
  BOOL: 1,
  I8: 1,
  F16: 2,
  BF16: 2,
  F32: 4,
  I64: 8,
  F64: 8,
};

const tensor = fc
  .record({
    name: fc.string({ unit: 'binary', maxLength: 12 }).filter((name) => name !== '__metadata__'),
    dtype: fc.constantFrom(...(Object.keys(sizes) as SafetensorsDtype[])),
    shape: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
    seed: fc.integer({ min: 0, max: 255 }),
  })
  .map(({ name, dtype, shape, seed }): SafetensorsInput & { data: Uint8Array } => {
    const length = shape.reduce((product, size) => product * size, 1) * sizes[dtype]!;
    return { name, dtype, shape, data: Uint8Array.from({ length }, (_, i) => (i * 37 + seed) & 255) };
  });

test('what is written is read again, byte for byte, aligned to the element', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(tensor, { maxLength: 6, selector: ({ name }) => name }),
      fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
      async (inputs, metadata) => {
        await writeSafetensors(file, inputs, metadata);
        await using read = await SafetensorsFile.open(file);
        expect(read.metadata).toEqual({ ...metadata });
        expect([...read.tensors.keys()].sort()).toEqual(inputs.map(({ name }) => name).sort());
        for (const { name, dtype, shape, data } of inputs) {
          const info = read.tensors.get(name)!;
          expect(info).toMatchObject({ dtype, shape, byteLength: data.length });
          expect(info.offset % sizes[dtype]!).toBe(0);
          expect(Buffer.from(await read.readBytes(name)).equals(data)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('every float format becomes float32; integers are not passed off as floats', async () => {
  const values = Float64Array.of(0, -1.5, 1 / 3, 65504, 2 ** -24);
  await writeSafetensors(file, [
    { name: 'f64', dtype: 'F64', shape: [5], data: values },
    { name: 'f32', dtype: 'F32', shape: [5], data: Float32Array.from(values) },
    // 0, -1.5, 1/3, 65504, 2⁻²⁴ as half precision; as bfloat16 the last two round to 65536 and 2⁻²⁴.
    { name: 'f16', dtype: 'F16', shape: [5], data: Uint16Array.of(0, 0xbe00, 0x3555, 0x7bff, 1) },
    { name: 'bf16', dtype: 'BF16', shape: [5], data: Uint16Array.of(0, 0xbfc0, 0x3eab, 0x4780, 0x3380) },
    { name: 'i64', dtype: 'I64', shape: [1], data: BigInt64Array.of(7n) },
  ]);
  await using read = await SafetensorsFile.open(file);
  expect(await read.read('f64')).toEqual(Float32Array.from(values));
  expect(await read.read('f32')).toEqual(Float32Array.from(values));
  expect(await read.read('f16')).toEqual(Float32Array.of(0, -1.5, 0.333251953125, 65504, 2 ** -24));
  expect(await read.read('bf16')).toEqual(Float32Array.of(0, -1.5, 0.333984375, 65536, 2 ** -24));
  await expect(read.read('i64')).rejects.toThrow(/"i64" .* holds I64/);
  await expect(read.read('absent')).rejects.toThrow(/has no tensor "absent"/);
});

test('a file by the reference library is read', async () => {
  await using read = await SafetensorsFile.open(path.join(references, 'quants.safetensors'));
  expect(read.metadata.made_with).toMatch(/^gguf /);
  expect((await read.read('F32')).subarray(0, 3)).toEqual(Float32Array.of(0, -0, 65504));
});

test('data that do not fit their shape are not written', async () => {
  const bad = { name: 'x', dtype: 'F32', shape: [3], data: new Float32Array(2) } as const;
  await expect(writeSafetensors(file, [bad])).rejects.toThrow(/needs 12 bytes and has 8/);
  const twice = { name: 'x', dtype: 'F32', shape: [], data: new Float32Array(1) } as const;
  await expect(writeSafetensors(file, [twice, twice])).rejects.toThrow(/taken twice/);
});

async function writeHeader(header: unknown, dataBytes: number): Promise<void> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

const damages: [string, unknown, number, RegExp][] = [
  ['JSON that breaks off', '{"a":', 0, /damaged header: it is not JSON/],
  ['a list', [], 0, /not a JSON object/],
  ['metadata of numbers', { __metadata__: { a: 1 } }, 0, /__metadata__ must map strings to strings/],
  ['an entry that is no object', { a: 3 }, 0, /describes tensor "a" by something/],
  ['an unknown dtype', { a: { ...f32(0, 4), dtype: 'F31' } }, 4, /"a" in the unknown number format "F31"/],
  ['a dtype from the prototype', { a: { ...f32(0, 4), dtype: 'toString' } }, 4, /unknown number format/],
  ['a negative size', { a: f32(0, 4, [-1]) }, 4, /impossible shape \[-1\]/],
  ['a fraction of a size', { a: f32(0, 4, [0.5]) }, 4, /impossible shape/],
  ['offsets the wrong way round', { a: f32(4, 0, [1]) }, 4, /impossible offsets/],
  ['too few bytes for the shape', { a: f32(0, 4, [2]) }, 4, /gives tensor "a" 4 bytes where .* needs 8/],
  ['data cut short', { a: f32(0, 8) }, 4, /cut short: tensor "a" should end at byte \d+, the file has \d+/],
  ['an overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, /tensor "b" overlap "a"/],
  ['a hole', { a: f32(0, 4), b: f32(8, 12) }, 12, /4 bytes before tensor "b"/],
  ['bytes too many', { a: f32(0, 4) }, 8, /4 bytes after its last tensor/],
];
test.each(damages)('%s: one sentence that names the file', async (_, header, dataBytes, message) => {
  await writeHeader(header, dataBytes);
  const opening = SafetensorsFile.open(file);
  await expect(opening).rejects.toSatisfy(
    (error) => FileFormatError.isInstance(error) && error.path === file,
  );
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toThrow(file);
});

test('a file cut anywhere is an error, never a wrong tensor', async () => {
  const whole = await readFile(path.join(references, 'tiny-bert/vectors.safetensors'));
  for (let length = 0; length < whole.length; length += 7) {
    await writeFile(file, whole.subarray(0, length));
    await expect(SafetensorsFile.open(file)).rejects.toSatisfy(FileFormatError.isInstance);
  }
});

test('any bytes at all: a file or a FileFormatError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
      await writeFile(file, bytes);
      try {
        await using opened = await SafetensorsFile.open(file);
        expect(opened.tensors.size).toBe(0);
      } catch (error) {
        expect(FileFormatError.isInstance(error)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test('a missing file and a folder', async () => {
  await expect(SafetensorsFile.open(path.join(folder, 'none'))).rejects.toThrow(/There is no file/);
  await expect(SafetensorsFile.open(folder)).rejects.toThrow(/is not a file|could not be opened/);
});
