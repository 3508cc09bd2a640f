import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256 } from '../../core/hash.ts';

/**
 * Where models are kept: `TANDEM_CACHE`, else the platform's cache folder. Layout:
 * `models/<sha256 of the main file>/<files>`, `stamps/` with what was verified when, `prefixes/` with what prompts begin with, evaluated, and
 * `compiled/`, Node's cache of the command's modules.
 */
export function cacheDirectory(): string {
  if (process.env.TANDEM_CACHE) return resolve(process.env.TANDEM_CACHE);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'tandem');
  if (process.platform === 'win32' && process.env.LOCALAPPDATA)
    return join(process.env.LOCALAPPDATA, 'tandem');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tandem');
}

export function modelDirectory(cache: string, sha256OfMainFile: string): string {
  return join(cache, 'models', sha256OfMainFile);
}

/**
 * SHA-256 of a file. A file of hundreds of megabytes is read once per (path, size, modification time): the result is
 * stamped in the cache folder, so that later opens cost nothing.
 */
export async function stampedSha256(path: string, options: { cacheDirectory: string; signal?: AbortSignal }) {
  const file = resolve(path);
  const { size, mtimeMs } = await stat(file);
  const stampPath = join(options.cacheDirectory, 'stamps', `${sha256(file).slice(0, 32)}.json`);
  const stamp = await readFile(stampPath, 'utf8')
    .then((text) => JSON.parse(text) as { size: number; mtimeMs: number; sha256: string })
    .catch(() => undefined); // an absent or damaged stamp only costs reading the file again
  if (stamp?.size === size && stamp.mtimeMs === mtimeMs) return stamp.sha256;
  const hash = await fileSha256(file, options.signal);
  await mkdir(join(options.cacheDirectory, 'stamps'), { recursive: true });
  const temporary = `${stampPath}.${process.pid}`;
  await writeFile(temporary, JSON.stringify({ path: file, size, mtimeMs, sha256: hash }));
  await rename(temporary, stampPath);
  return hash;
}

export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}
