import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
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
  await using file = await open(archive, 'r');
  try {
    const entries = await entriesOf(file);
    for (const [name, target] of wanted) {
      const entry = entries.get(name);
      if (entry === undefined) throw new Error(`${archive} holds no ${name}`);
      await extract(archive, file, entry, target, signal);
    }
  } catch (cause) {
    if (!(cause instanceof DamagedArchive)) throw cause;
    throw new Error(`${archive} cannot be unpacked: ${cause.message}`, { cause });
  }
}

async function entriesOf(file: FileHandle): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const tailLength = Math.min(size, zipTailLength);
  const { offset, length } = locateZipDirectory(await read(file, size - tailLength, tailLength), size);
  return readZipDirectory(await read(file, offset, length));
}

async function extract(
  archive: string,
  file: FileHandle,
  entry: ZipEntry,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, method, headerOffset, packedSize } = entry;
  const start = zipDataOffset(entry, await read(file, headerOffset, zipHeaderLength));
  if (entry.isEncrypted) throw new DamagedArchive(`its part ${name} is encrypted`);
  if (method !== 0 && method !== 8)
    throw new DamagedArchive(`its part ${name} is packed by method ${method}, not by deflate`);
  await mkdir(dirname(target), { recursive: true });
  const source =
    packedSize === 0
      ? Readable.from([])
      : createReadStream(archive, { start, end: start + packedSize - 1, highWaterMark: 1 << 18 });
  const output = createWriteStream(target);
  const options = signal ? { signal } : {};
  if (method === 8) await pipeline(source, createInflateRaw(), output, options);
  else await pipeline(source, output, options);
}

/** As many bytes as the file has from there on, at most `length`. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
