import { stat } from 'node:fs/promises';
import { FileWriteError } from '../errors/file-write-error.ts';

/**
 * Call before writing a file that is made from others.
 * @param inputs paths that are read to write it, by how the error calls them.
 * @throws FileWriteError where `path` is one of them, under whatever name: the input would be overwritten.
 */
export async function refuseOverwriting(path: string, inputs: Record<string, string>): Promise<void> {
  const target = await identity(path);
  if (target === undefined) return;
  for (const [name, input] of Object.entries(inputs)) {
    if (target !== (await identity(input))) continue;
    throw new FileWriteError({
      path,
      message: `${path} is ${name} itself, which would be overwritten.`,
      hint: 'Give another path for the result.',
    });
  }
}

/** Device and inode number; undefined where there is no file yet. */
async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino}`;
}
