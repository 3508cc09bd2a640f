import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DamagedArchive,
  locateZipDirectory,
  readZipDirectory,
  zipDataOffset,
  zipHeaderLength,
  zipTailLength,
} from './zip-directory.ts';

interface Packed {
  name: string;
  data: Uint8Array;
}

/** An archive of stored entries; `zip64` writes all sizes and places in 64 bits, `behind` stands after its end. */
function archive(
  entries: readonly Packed[],
  options: { zip64?: boolean; comment?: string; behind?: Buffer },
): Buffer {
  const { zip64 = false, comment = '', behind = Buffer.alloc(0) } = options;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const long = (...numbers: number[]) => {
    const bytes = Buffer.alloc(8 * numbers.length);
    for (const [index, number] of numbers.entries()) bytes.writeBigUInt64LE(BigInt(number), 8 * index);
    return bytes;
  };
  for (const { name, data } of entries) {
    const written = Buffer.from(name);
    const header = Buffer.alloc(zipHeaderLength);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(written.length, 26);
    parts.push(header, written, Buffer.from(data));
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt32LE(zip64 ? 0xffffffff : data.length, 20);
    entry.writeUInt32LE(zip64 ? 0xffffffff : data.length, 24);
    entry.writeUInt16LE(written.length, 28);
    entry.writeUInt32LE(zip64 ? 0xffffffff : offset, 42);
    // Another field before it must be passed over.
    const extra = zip64
      ? Buffer.concat([
          Buffer.from('5554010003', 'hex'),
          Buffer.from('01001800', 'hex'),
          long(data.length, data.length, offset),
        ])
      : Buffer.alloc(0);
    entry.writeUInt16LE(extra.length, 30);
    directory.push(entry, written, extra);
    offset += zipHeaderLength + written.length + data.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt32LE(zip64 ? 0xffffffff : listing.length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  long(listing.length, offset).copy(record, 40);
  const locator = Buffer.concat([
    Buffer.from('PK\x06\x07\0\0\0\0', 'latin1'),
    long(offset + listing.length),
    Buffer.alloc(4),
  ]);
  const records = zip64 ? [record, locator] : [];
  return Buffer.concat([...parts, listing, ...records, end, Buffer.from(comment), behind]);
}

function unpacked(file: Buffer): Packed[] {
  const { offset, length } = locateZipDirectory(
    file.subarray(Math.max(0, file.length - zipTailLength)),
    file.length,
  );
  return [...readZipDirectory(file.subarray(offset, offset + length)).values()].map((entry) => {
    const { name, headerOffset, packedSize } = entry;
    const start = zipDataOffset(entry, file.subarray(headerOffset, headerOffset + zipHeaderLength));
    return { name, data: new Uint8Array(file.subarray(start, start + packedSize)) };
  });
}

test('property: entries lie where the directory says, in 32 and 64 bits, with a comment or other bytes behind the end', () => {
  const entry = fc.record({
    name: fc.stringMatching(/^[a-zé]{1,9}(?:\/[a-z]{1,9})?$/),
    data: fc.uint8Array({ maxLength: 200 }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 6 }),
      fc.record({
        zip64: fc.boolean(),
        comment: fc.stringMatching(/^[a-z ]{0,40}$/),
        behind: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      }),
      (entries, options) => {
        expect(unpacked(archive(entries, options))).toEqual(entries);
      },
    ),
  );
});

test('names have slashes, whatever the writer used', () => {
  const data = new Uint8Array();
  const names = unpacked(
    archive(
      [
        { name: 'word\\a.xml', data },
        { name: '/b.xml', data },
      ],
      {},
    ),
  );
  expect(names.map(({ name }) => name)).toEqual(['word/a.xml', 'b.xml']);
});

test('property: of damaged archives something is read, or the damage is said', () => {
  const whole = archive(
    [
      { name: 'a', data: new Uint8Array(50) },
      { name: 'b', data: new Uint8Array(50) },
    ],
    { zip64: true },
  );
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat({ max: whole.length - 1 }),
      fc.nat({ max: 255 }),
      fc.nat({ max: whole.length }),
      (at, value, length) => {
        const damaged = Buffer.from(whole.subarray(0, Math.max(length, at)));
        damaged[at] = value;
        try {
          unpacked(damaged);
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(DamagedArchive);
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(refused).toBeGreaterThan(100);
});
