import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileWriteError } from '../errors/file-write-error.ts';

/**
 * Writes the chunks to a temporary file beside `path`, flushes them to the disk, and renames the file. Whatever
 * happens, `path` holds either the old content or the new, never a part. The folder must exist.
 *
 * @throws FileWriteError when the disk is full or the folder cannot be written; the temporary file is removed. An error
 *   thrown by `chunks` itself is passed on as it is.
 */
export async function writeFileAtomically(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`,
  );
  let handle: FileHandle | undefined;
  try {
    handle = await explainFailure(path, open(temporary, 'wx'));
    for await (const chunk of chunks) await explainFailure(path, handle.writeFile(chunk));
    await explainFailure(path, handle.sync());
    await handle.close();
    handle = undefined;
    await explainFailure(path, rename(temporary, path));
  } catch (error) {
    await handle?.close().catch(() => {});
    // A failure to clean up must not hide the first error.
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a folder and the folders above it where they do not exist. @throws FileWriteError where it is a file, or may
 * not be made.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'EEXIST' && code !== 'ENOTDIR') return explainFailure(path, Promise.reject(cause));
    throw new FileWriteError({
      path,
      message: `${path} cannot be a folder: ${code === 'EEXIST' ? 'it is a file' : 'a part of its path is a file'}.`,
      hint: 'Name a folder, or a place where one can be made.',
      cause,
    });
  }
}

/** @throws FileWriteError that says in plain words why the operation failed. */
async function explainFailure<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reasons: Record<string, [string, string]> = {
      ENOSPC: ['the disk is full', 'Free some space and run the same command again.'],
      EDQUOT: ['your disk quota is used up', 'Free some space and run the same command again.'],
      EFBIG: ['the file would be larger than allowed', 'Raise the limit on the size of files (ulimit -f).'],
      ENOENT: ['its folder does not exist', 'Create the folder first.'],
      ENOTDIR: ['its folder is a file', 'Choose another folder.'],
      EACCES: ['you may not write there', 'Choose another folder or change its permissions.'],
      EROFS: ['the file system is read-only', 'Choose another folder.'],
    };
    const [reason, hint] = reasons[code ?? ''] ?? [String(code ?? cause), 'Check the disk and the folder.'];
    throw new FileWriteError({ path, message: `${path} could not be written: ${reason}.`, hint, cause });
  }
}

/**
 * A rename survives a power failure only when its folder is flushed too. Windows cannot open a folder and does not need
 * this.
 */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
