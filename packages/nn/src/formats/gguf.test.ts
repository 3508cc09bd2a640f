import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { openGguf } from './gguf.ts';
import type { GgufValue } from './gguf-types.ts';
import { type GgufTensorInput, writeDequantizedGguf, writeGguf } from './gguf-writer.ts';
import { SafetensorsFile } from './safetensors.ts';

const references = path.join(import.meta.dirname, '../../references');
const quants = path.join(references, 'quants.gguf');
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gguf-'));
  file = path.join(folder, 'x.gguf');
});
afterAll(() => rm(folder, { recursive: true }));

describe("a file by Python's gguf", () => {
  test('values of every type', async () => {
    await using gguf = await openGguf(quants);
    expect(gguf.version).toBe(3);
    const values = [...gguf.metadata].filter(([key]) => key.startsWith('value.'));
    expect(Object.fromEntries(values)).toEqual({
      'value.uint8': 255,
      'value.int8': -128,
      'value.uint16': 65535,
      'value.int16': -32768,
      'value.uint32': 4294967295,
      'value.int32': -2147483648,
      'value.uint64': 2n ** 64n - 1n,
      'value.int64': -(2n ** 63n),
      'value.float32': Math.fround(0.1),
      'value.float64': 0.1,
      'value.bool': true,
      'value.string': 'Grüße, 世界 👋',
      'value.strings': ['a', '', 'ß'],
      'value.numbers': [1, -2, 3],
    });
  });

  test('every quantisation gives the very values that gguf gives', async () => {
    await using gguf = await openGguf(quants);
    await using expected = await SafetensorsFile.open(path.join(references, 'quants.safetensors'));
    expect(gguf.tensors.length).toBe(14);
    for (const { name, shape, type } of gguf.tensors) {
      expect(type).toBe(name);
      expect(shape).toEqual(expected.tensors.get(name)!.shape);
      expect(await gguf.read(name), name).toEqual(await expected.read(name));
    }
    await expect(gguf.read('absent')).rejects.toThrow(/has no tensor "absent"/);
  });

  test('a dequantised copy holds the same numbers and the same metadata', async () => {
    await using gguf = await openGguf(quants);
    await writeDequantizedGguf(gguf, file);
    await using copy = await openGguf(file);
    expect(copy.entries).toEqual(gguf.entries);
    for (const { name, shape } of gguf.tensors) {
      expect(copy.tensor(name)).toMatchObject({ shape, type: 'F32' });
      expect(await copy.read(name)).toEqual(await gguf.read(name));
    }
  });
});

const scalar: fc.Arbitrary<GgufValue> = fc.oneof(
  fc.record({ type: fc.constant('UINT8' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ type: fc.constant('INT16' as const), value: fc.integer({ min: -32768, max: 32767 }) }),
  fc.record({ type: fc.constant('UINT32' as const), value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ type: fc.constant('UINT64' as const), value: fc.maxSafeNat() }),
  fc.record({ type: fc.constant('INT64' as const), value: fc.maxSafeInteger() }),
  fc.record({ type: fc.constant('FLOAT32' as const), value: fc.float({ noNaN: true }) }),
  fc.record({ type: fc.constant('FLOAT64' as const), value: fc.double({ noNaN: true }) }),
  fc.record({ type: fc.constant('BOOL' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('STRING' as const), value: fc.string({ unit: 'grapheme' }) }),
);
const value: fc.Arbitrary<GgufValue> = fc.oneof(
  scalar,
  fc.array(fc.string()).map((items): GgufValue => ({ type: 'ARRAY', itemType: 'STRING', value: items })),
  fc.array(fc.array(fc.integer({ min: 0, max: 9 }))).map(
    (rows): GgufValue => ({
      type: 'ARRAY',
      itemType: 'ARRAY',
      value: rows.map((row) => ({ type: 'ARRAY', itemType: 'INT32', value: row })),
    }),
  ),
);
const tensor = fc
  .record({
    name: fc.string({ minLength: 1, maxLength: 20 }),
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
  })
  .map(({ name, shape }): GgufTensorInput & { data: Float32Array } => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { name, shape, type: 'F32', data: Float32Array.from({ length }, (_, i) => i / 7) };
  });

test('what is written is read again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), value), {
        maxLength: 8,
        selector: ([key]) => key,
      }),
      fc.uniqueArray(tensor, { maxLength: 5, selector: ({ name }) => name }),
      fc.constantFrom(8, 32, 64),
      async (entries, tensors, alignment) => {
        const all: [string, GgufValue][] = [
          ...entries,
          ['general.alignment', { type: 'UINT32', value: alignment }],
        ];
        await writeGguf(file, { entries: all, tensors });
        await using read = await openGguf(file);
        expect([...read.entries]).toEqual([...new Map(all)]);
        expect(read.tensors.map(({ name }) => name)).toEqual(tensors.map(({ name }) => name));
        for (const { name, shape, data } of tensors) {
          const info = read.tensor(name);
          expect(info.shape).toEqual(shape);
          expect(info.offset % alignment).toBe(0);
          expect(await read.read(name)).toEqual(data);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a header larger than the first read is read on', async () => {
  const tokens = Array.from({ length: 400_000 }, (_, i) => `token ${i}`);
  const entries: [string, GgufValue][] = [['tokens', { type: 'ARRAY', itemType: 'STRING', value: tokens }]];
  await writeGguf(file, {
    entries,
    tensors: [{ name: 'x', shape: [1], type: 'F32', data: Float32Array.of(5) }],
  });
  await using read = await openGguf(file);
  expect((read.metadata.get('tokens') as string[]).at(-1)).toBe('token 399999');
  expect(await read.read('x')).toEqual(Float32Array.of(5));
});

test('what does not fit is not written', async () => {
  const x = { name: 'x', shape: [2], type: 'F32', data: new Float32Array(3) } as const;
  await expect(writeGguf(file, { entries: [], tensors: [x] })).rejects.toThrow(/needs 8 bytes and has 12/);
  const odd = { name: 'x', shape: [33], type: 'Q8_0', data: new Uint8Array(34) } as const;
  await expect(writeGguf(file, { entries: [], tensors: [odd] })).rejects.toThrow(
    /do not divide into blocks of 32/,
  );
  const wrong: [string, GgufValue][] = [['k', { type: 'UINT8', value: 256 }]];
  await expect(writeGguf(file, { entries: wrong, tensors: [] })).rejects.toThrow(RangeError);
  const mixed: [string, GgufValue][] = [['k', { type: 'STRING', value: 3 }]];
  await expect(writeGguf(file, { entries: mixed, tensors: [] })).rejects.toThrow(
    /"k" of type STRING cannot hold number/,
  );
});

describe('damage: one sentence that names the file', () => {
  /** A small sound file: one entry `a.b` = 7, one tensor `w` of two Q8_0 blocks. Places of its fields by hand. */
  async function sound(): Promise<Buffer> {
    await writeGguf(file, {
      entries: [['a.b', { type: 'UINT32', value: 7 }]],
      tensors: [
        { name: 'w', shape: [2, 32], type: 'Q8_0', data: new Uint8Array(68) },
        { name: 'v', shape: [4], type: 'F32', data: new Float32Array(4) },
      ],
    });
    return readFile(file);
  }
  const at = { version: 4, tensors: 8, entries: 16, keyLength: 24, valueType: 35, name: 43 + 8 };
  const w = {
    dimensions: at.name + 1,
    inner: at.name + 5,
    outer: at.name + 13,
    type: at.name + 21,
    offset: at.name + 25,
  };
  const v = { name: w.offset + 16, offset: w.offset + 16 + 1 + 4 + 8 + 4 };

  const damages: [string, (bytes: Buffer) => unknown, RegExp][] = [
    ['another kind of file', (bytes) => bytes.write('GGML'), /is not a GGUF file/],
    ['version 1', (bytes) => bytes.writeUInt32LE(1, at.version), /GGUF version 1/],
    ['a version to come', (bytes) => bytes.writeUInt32LE(9, at.version), /claims GGUF version 9/],
    ['big-endian', (bytes) => bytes.writeUInt32BE(3, at.version), /big-endian/],
    [
      'a mad number of tensors',
      (bytes) => bytes.writeBigUInt64LE(2n ** 60n, at.tensors),
      /claims \d+ tensors/,
    ],
    [
      'a mad number of entries',
      (bytes) => bytes.writeBigUInt64LE(10n ** 6n, at.entries),
      /claims 1000000 metadata entries/,
    ],
    [
      'a mad length',
      (bytes) => bytes.writeBigUInt64LE(2n ** 40n, at.keyLength),
      /bytes for the key of metadata entry 0/,
    ],
    [
      'an unknown value type',
      (bytes) => bytes.writeUInt32LE(77, at.valueType),
      /"a\.b" has the unknown type 77/,
    ],
    ['five dimensions', (bytes) => bytes.writeUInt32LE(5, w.dimensions), /tensor "w" 5 dimensions/],
    ['rows that are no blocks', (bytes) => bytes.writeBigUInt64LE(33n, w.inner), /rows of 33 in tensor "w"/],
    ['an unknown tensor type', (bytes) => bytes.writeUInt32LE(99, w.type), /"w" in the unknown type 99/],
    ['an offset off the grid', (bytes) => bytes.writeBigUInt64LE(3n, w.offset), /"w" at offset 3/],
    ['an overlap', (bytes) => bytes.writeBigUInt64LE(0n, v.offset), /overlap/],
    [
      'a tensor beyond the end',
      (bytes) => bytes.writeBigUInt64LE(4096n, v.offset),
      /cut short: its last tensor "v"/,
    ],
    ['two tensors of one name', (bytes) => bytes.write('w', v.name), /the tensor "w" twice/],
  ];
  test.each(damages)('%s', async (_, damage, message) => {
    const bytes = await sound();
    damage(bytes);
    await writeFile(file, bytes);
    const opening = openGguf(file);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toSatisfy(
      (error) =>
        FileFormatError.isInstance(error) &&
        error.path === file &&
        error.message.includes(file) &&
        !!error.hint,
    );
  });

  test('a file cut anywhere', async () => {
    const whole = await sound();
    for (let length = 0; length < whole.length - 16; length++) {
      await writeFile(file, whole.subarray(0, length));
      await expect(openGguf(file), `${length} bytes`).rejects.toSatisfy(FileFormatError.isInstance);
    }
  });

  test('any one byte changed: a file or a FileFormatError, and no endless read', async () => {
    const whole = await sound();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (place, byte) => {
        const bytes = Buffer.from(whole);
        bytes[place] = byte;
        await writeFile(file, bytes);
        try {
          await using gguf = await openGguf(file);
          for (const { name } of gguf.tensors) await gguf.read(name);
        } catch (error) {
          expect(FileFormatError.isInstance(error) || UnsupportedModelError.isInstance(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a missing file', async () => {
    await expect(openGguf(path.join(folder, 'none.gguf'))).rejects.toThrow(/There is no file .*none\.gguf/);
  });
});
