import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';

/** A lock that its holder has not touched for this many milliseconds was left by a process that died. */
const stale = 10_000;

/**
 * Runs `work` while no other process, and nothing else in this one, works under the same key. `onWait` is called once if
 * another holds it. `lost` aborts if this process was stopped for so long that another took the lock.
 */
export async function withLock<Result>(
  options: { cacheDirectory: string; key: string; signal?: AbortSignal; onWait?: () => void },
  work: (lost: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const folder = join(options.cacheDirectory, 'locks');
  await mkdir(folder, { recursive: true });
  const lost = new AbortController();
  let release: (() => Promise<void>) | undefined;
  for (let waiting = false; release === undefined; ) {
    options.signal?.throwIfAborted();
    try {
      release = await lockfile.lock(join(folder, options.key), {
        realpath: false, // the key is a name, not a file
        stale,
        update: stale / 4,
        onCompromised: (error) => lost.abort(error),
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (!waiting) options.onWait?.();
      waiting = true;
      await sleep(250, undefined, options.signal && { signal: options.signal });
    }
  }
  try {
    return await work(lost.signal);
  } finally {
    if (!lost.signal.aborted) await release();
  }
}
