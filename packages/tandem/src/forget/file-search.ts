import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Forgetting } from '../catalog/catalog.ts';
import type { ForgottenText } from './forgotten-text.ts';

/** Whether a text file has words of the document, or is the document itself. */
export async function mentions(file: string, { uri }: Forgetting, text: ForgottenText): Promise<boolean> {
  try {
    if (file.split('\\').join('/').endsWith(`/${uri}`) && existsSync(file)) return true;
    return text.isIn(await readFile(file, 'utf8'));
  } catch {
    return false; // Missing, a folder, or not readable: nothing that could be named.
  }
}

/** The files below a folder that have one of the byte strings (of four bytes or more) anywhere in them; gigabytes in seconds. */
export async function findFilesWith(folder: string, probes: readonly Buffer[]): Promise<string[]> {
  if (probes.length === 0) return [];
  const overlap = Math.max(...probes.map(({ length }) => length));
  // Looked up by their first four bytes, and before that by sixteen bits of these, which rule most places out at once.
  const byStart = Map.groupBy(probes, (probe) => probe.readUInt32BE(0));
  const place = (start: number) => (start ^ (start >>> 16)) & 0xffff;
  const isPossibleStart = new Uint8Array(1 << 16);
  for (const start of byStart.keys()) isPossibleStart[place(start)] = 1;

  const hasProbe = (bytes: Buffer): boolean => {
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      start = ((start << 8) | bytes[i]!) >>> 0;
      if (isPossibleStart[place(start)] === 0) continue;
      for (const probe of byStart.get(start) ?? [])
        if (bytes.subarray(i - 3, i - 3 + probe.length).equals(probe)) return true;
    }
    return false;
  };

  const found: string[] = [];
  for (const path of await listFilesBelow(folder)) {
    let before: Buffer = Buffer.alloc(0);
    for await (const piece of createReadStream(join(folder, path), { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.concat([before, piece as Buffer]);
      if (hasProbe(bytes)) {
        found.push(path);
        break;
      }
      before = bytes.subarray(Math.max(0, bytes.length - overlap));
    }
  }
  return found;
}

/** All files below a folder, relative to it, in order. */
export async function listFilesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Whether a path is the folder or below it. */
export const isInside = (folder: string, path: string) => !relative(folder, path).startsWith('..');
