import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

interface ZipEntry {
  name: string;
  method: number;
  compressedSize: number;
  headerOffset: number;
}

/**
 * Copies named entries of a zip archive to files, streaming. Reads the central directory as in PKWARE's APPNOTE 6.3.10,
 * §4.3; stored and deflated entries; not zip64, which no wheel of less than 4 GB needs. Only paths that the caller names
 * are written, so an archive cannot write anywhere else. Throws an Error naming an entry that is missing.
 */
export async function extractZip(archive: string, wanted: ReadonlyMap<string, string>, signal?: AbortSignal) {
  await using file = await open(archive, 'r');
  const { size } = await file.stat();
  const read = async (position: number, length: number) => {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead !== length) throw new Error(`${archive} ends early`);
    return buffer;
  };
  const entries = await readCentralDirectory(archive, size, read);
  for (const [name, target] of wanted) {
    const entry = entries.get(name);
    if (entry === undefined) throw new Error(`${archive} holds no ${name}`);
    const header = await read(entry.headerOffset, 30);
    if (header.readUInt32LE(0) !== 0x04034b50) throw new Error(`${archive} is damaged at ${name}`);
    const start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    await mkdir(dirname(target), { recursive: true });
    const source =
      entry.compressedSize === 0
        ? Readable.from([])
        : createReadStream(archive, { start, end: start + entry.compressedSize - 1, highWaterMark: 1 << 18 });
    const output = createWriteStream(target);
    const options = signal ? { signal } : {};
    if (entry.method === 8) await pipeline(source, createInflateRaw(), output, options);
    else if (entry.method === 0) await pipeline(source, output, options);
    else throw new Error(`${archive} packs ${name} by method ${entry.method}, which is not deflate`);
  }
}

async function readCentralDirectory(
  archive: string,
  size: number,
  read: (position: number, length: number) => Promise<Buffer>,
): Promise<Map<string, ZipEntry>> {
  // The end record is 22 bytes and a comment of up to 65,535; its signature is searched from the end.
  const tailLength = Math.min(size, 22 + 0xffff);
  const tail = await read(size - tailLength, tailLength);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error(`${archive} is not a zip archive`);
  const length = tail.readUInt32LE(end + 12);
  const offset = tail.readUInt32LE(end + 16);
  if (offset === 0xffffffff || offset + length > size) throw new Error(`${archive} is damaged or zip64`);
  const directory = await read(offset, length);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; at + 46 <= length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw new Error(`${archive} has a damaged directory`);
    const nameLength = directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    entries.set(name, {
      name,
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}
