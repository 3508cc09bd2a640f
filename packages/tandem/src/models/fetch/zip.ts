import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import {
  DamagedArchive,
  locateZipDirectory,
  readZipDirectory,
  type ZipEntry,
  zipDataOffset,
  zipHeaderLength,
  zipTailLength,
} from '../../core/zip-directory.ts';

/**
 * Copies named entries of a zip archive to files, streaming; stored and deflated ones. Only paths that the caller names are
 * written, so an archive cannot write anywhere else. Throws an Error that names the archive, and an entry that is missing.
 */
export async function extractZip(
  archive: string,
  wanted: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  for (const [name, target] of wanted) {
    await readZipEntry(
      archive,
      name,
      async (bytes) => {
        await mkdir(dirname(target), { recursive: true });
        await pipeline(bytes, createWriteStream(target));
      },
      signal,
    );
  }
}

/** Gives an entry's bytes, unpacked, to `consume`, a piece at a time: it need not be in memory, nor on the disk. Throws as `extractZip`. */
export async function readZipEntry(
  archive: string,
  name: string,
  consume: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  await using file = await open(archive, 'r');
  try {
    const entry = (await entriesOf(file)).get(name);
    if (entry === undefined) throw new Error(`${basename(archive)} holds no ${name}`);
    await unpack(archive, file, entry, consume, signal);
  } catch (cause) {
    if (!(cause instanceof DamagedArchive)) throw cause;
    throw new Error(`${basename(archive)} cannot be unpacked: ${cause.message}`, { cause });
  }
}

async function entriesOf(file: FileHandle): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const tailLength = Math.min(size, zipTailLength);
  const { offset, length } = locateZipDirectory(await read(file, size - tailLength, tailLength), size);
  return readZipDirectory(await read(file, offset, length));
}

async function unpack(
  archive: string,
  file: FileHandle,
  entry: ZipEntry,
  consume: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, method, headerOffset, packedSize } = entry;
  const start = zipDataOffset(entry, await read(file, headerOffset, zipHeaderLength));
  if (entry.isEncrypted) throw new DamagedArchive(`its part ${name} is encrypted`);
  if (method !== 0 && method !== 8)
    throw new DamagedArchive(`its part ${name} is packed by method ${method}, not by deflate`);
  const source =
    packedSize === 0
      ? Readable.from([])
      : createReadStream(archive, { start, end: start + packedSize - 1, highWaterMark: 1 << 18 });
  const options = signal ? { signal } : {};
  if (method === 8) await pipeline(source, createInflateRaw(), consume, options);
  else await pipeline(source, consume, options);
}

/** As many bytes as the file has from there on, at most `length`. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
