import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractZip } from './zip.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-zip-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('gives back what was packed, stored or deflated', async () => {
  const entries = fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/),
      content: fc.uint8Array({ maxLength: 5000 }),
      deflate: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5, selector: ({ name }) => name },
  );
  const comment = fc.string({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(entries, comment, async (packed, note) => {
      const archive = join(folder, 'a.zip');
      await writeFile(archive, zip(packed, note));
      const wanted = new Map(packed.map(({ name }, index) => [name, join(folder, `out-${index}`)]));
      await extractZip(archive, wanted);
      for (const [index, { content }] of packed.entries()) {
        expect(new Uint8Array(await readFile(join(folder, `out-${index}`)))).toEqual(content);
      }
    }),
    { numRuns: 60 },
  );
});

it('says what is missing or damaged', async () => {
  const archive = join(folder, 'b.zip');
  const whole = zip([{ name: 'a', content: new Uint8Array(100), deflate: true }], '');
  await writeFile(archive, whole);
  await expect(extractZip(archive, new Map([['b', join(folder, 'b')]]))).rejects.toThrow(/b\.zip holds no b/);
  for (const length of [0, 10, whole.length - 30]) {
    await writeFile(archive, whole.subarray(0, length));
    await expect(extractZip(archive, new Map([['a', join(folder, 'a')]]))).rejects.toThrow(/b\.zip/);
  }
});

function zip(entries: { name: string; content: Uint8Array; deflate: boolean }[], comment: string): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflate } of entries) {
    const data = deflate ? deflateRawSync(content) : Buffer.from(content);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(deflate ? 8 : 0, 8);
    header.writeUInt32LE(crc32(content), 14);
    header.writeUInt32LE(data.length, 18);
    header.writeUInt32LE(content.length, 22);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    header.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(offset, 42);
    parts.push(header, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const listing = Buffer.concat(directory);
  const note = Buffer.from(comment);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(note.length, 20);
  return Buffer.concat([...parts, listing, end, note]);
}
