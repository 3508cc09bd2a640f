import { rename, writeFile } from 'node:fs/promises';

/** Writes a file so that it appears whole, and flushed to disk, or stays as it was. */
export async function writeAtomically(path: string, content: string): Promise<void> {
  await writeFile(`${path}.partial`, content, { flush: true });
  await rename(`${path}.partial`, path);
}
