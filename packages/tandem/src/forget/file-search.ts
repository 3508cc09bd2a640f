import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Forgetting } from '../catalog/catalog.ts';
import type { ForgottenText } from './forgotten-text.ts';

/** For text files: has the document's words in it, or is the document itself. */
export async function holds(file: string, { uri }: Forgetting, text: ForgottenText): Promise<boolean> {
  try {
    if (file.split('\\').join('/').endsWith(`/${uri}`) && existsSync(file)) return true;
    return text.isIn(await readFile(file, 'utf8'));
  } catch {
    return false; // Not there, a folder, or not to be read: nothing to name.
  }
}

/** Which files have one of the byte strings (of four bytes or more) anywhere in them; gigabytes in seconds. */
export async function filesThatHold(folder: string, probes: readonly Buffer[]): Promise<string[]> {
  if (probes.length === 0) return [];
  const overlap = Math.max(...probes.map(({ length }) => length));
  // By their first four bytes, and before that by sixteen bits of these: most places are passed over at one look.
  const byStart = Map.groupBy(probes, (probe) => probe.readUInt32BE(0));
  const place = (start: number) => (start ^ (start >>> 16)) & 0xffff;
  const maybe = new Uint8Array(1 << 16);
  for (const start of byStart.keys()) maybe[place(start)] = 1;

  const hold = (bytes: Buffer): boolean => {
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      start = ((start << 8) | bytes[i]!) >>> 0;
      if (maybe[place(start)] === 0) continue;
      for (const probe of byStart.get(start) ?? [])
        if (bytes.subarray(i - 3, i - 3 + probe.length).equals(probe)) return true;
    }
    return false;
  };

  const found: string[] = [];
  for (const path of await filesBelow(folder)) {
    let before: Buffer = Buffer.alloc(0);
    for await (const piece of createReadStream(join(folder, path), { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.concat([before, piece as Buffer]);
      if (hold(bytes)) {
        found.push(path);
        break;
      }
      before = bytes.subarray(Math.max(0, bytes.length - overlap));
    }
  }
  return found;
}

export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export const isInside = (folder: string, path: string) => !relative(folder, path).startsWith('..');
