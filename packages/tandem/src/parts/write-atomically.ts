import { rename, writeFile } from 'node:fs/promises';

/** The file appears whole, and on the disk, or stays as it was. */
export async function writeAtomically(path: string, content: string): Promise<void> {
  await writeFile(`${path}.partial`, content, { flush: true });
  await rename(`${path}.partial`, path);
}
