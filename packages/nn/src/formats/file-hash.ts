import { createHash } from 'node:crypto';
import { FileFormatError } from '../errors/file-format-error.ts';
import { RandomAccessFile } from './random-access-file.ts';

/**
 * SHA-256 of a file's bytes in lower-case hex, read in pieces of 8 MiB.
 * @param options.onProgress gets the bytes hashed so far and their total.
 * @throws FileFormatError when the file cannot be read; the signal's reason when it is aborted.
 */
export async function sha256OfFile(
  path: string,
  options: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<string> {
  await using file = await RandomAccessFile.open(path);
  const hash = createHash('sha256');
  const step = 8 * 1024 * 1024;
  for (let offset = 0; offset < file.size; offset += step) {
    options.signal?.throwIfAborted();
    hash.update(await file.read(offset, Math.min(step, file.size - offset)));
    options.onProgress?.(Math.min(offset + step, file.size), file.size);
  }
  return hash.digest('hex');
}

/**
 * Checks a file against its expected hash.
 * @throws FileFormatError when the file's SHA-256 is not `expected` (lower-case hex), or it cannot be read.
 */
export async function verifyFileHash(path: string, expected: string, signal?: AbortSignal): Promise<void> {
  const actual = await sha256OfFile(path, { signal });
  if (actual !== expected) {
    throw new FileFormatError({
      path,
      message: `${path} is not the file it should be: its SHA-256 is ${actual}, not ${expected}.`,
      hint: 'Remove it and fetch it again.',
    });
  }
}
