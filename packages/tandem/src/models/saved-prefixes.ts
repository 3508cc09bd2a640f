import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hashJson } from '../core/hash.ts';
import { fileSha256 } from './fetch/cache.ts';

/** What the beginnings of prompts evaluated to, in files, for later processes. */
export interface SavedPrefixes {
  /** Gives the state of these tokens to `read`, if there is one and it is whole. False where there is none, or `read` says that it is not usable. */
  load(tokens: readonly number[], read: (file: string) => Promise<boolean>): Promise<boolean>;
  /** Keeps what `write` writes. Where that fails, nothing is kept: a full disk costs the time, not the answer. */
  save(tokens: readonly number[], write: (file: string) => Promise<void>): Promise<void>;
}

/** Bytes in all. Those used least recently go first. */
export const mostSavedBytes = 256 * 2 ** 20;
const ending = '.state';
/** Files that a process left half-written when it was killed. */
const staleMilliseconds = 3_600_000;

/**
 * The states in `folder` that belong to `identity`: everything that a state depends on beside its tokens. llama.cpp reads a damaged state
 * as if it were whole, so a file's name has the SHA-256 of its bytes, and one that differs is deleted.
 */
export function savedPrefixes(
  folder: string,
  identity: object,
  { mostBytes = mostSavedBytes } = {},
): SavedPrefixes {
  const keyOf = (tokens: readonly number[]) => hashJson({ identity, tokens }).slice(0, 32);
  return {
    async load(tokens, read) {
      const key = `${keyOf(tokens)}-`;
      const names = (await readdir(folder).catch(() => [])).filter(
        (name) => name.startsWith(key) && name.endsWith(ending),
      );
      for (const name of names) {
        const file = join(folder, name);
        const hash = await fileSha256(file).catch(() => undefined); // another process may have deleted it
        if (hash === name.slice(key.length, -ending.length) && (await read(file))) {
          const now = new Date();
          await utimes(file, now, now).catch(() => undefined);
          return true;
        }
        await rm(file, { force: true });
      }
      return false;
    },
    async save(tokens, write) {
      const partial = join(folder, `${randomBytes(8).toString('hex')}.partial`);
      try {
        await mkdir(folder, { recursive: true });
        await write(partial);
        await rename(partial, join(folder, `${keyOf(tokens)}-${await fileSha256(partial)}${ending}`));
        await trim(folder, mostBytes);
      } catch {
        await rm(partial, { force: true }).catch(() => undefined);
      }
    },
  };
}

async function trim(folder: string, mostBytes: number): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const file = join(folder, name);
      const found = await stat(file).catch(() => undefined);
      return { file, name, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    }),
  );
  let total = 0;
  for (const { file, name, size, used } of files.toSorted((a, b) => b.used - a.used)) {
    if (name.endsWith(ending)) total += size;
    else if (Date.now() - used < staleMilliseconds) continue;
    if (!name.endsWith(ending) || total > mostBytes) await rm(file, { force: true });
  }
}
