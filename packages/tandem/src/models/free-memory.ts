import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join, posix } from 'node:path';

/**
 * Bytes of memory that a program may still take without others being pushed out to the disk: what the system calls available, or less
 * where a control group (a container, a systemd unit) has a lower limit.
 *
 * Not Node's `process.availableMemory()`: in a control group it counts the files that were read as used, though the system gives up those
 * first, and after reading a model nothing would seem to be free.
 */
export function freeMemory(root = '/'): number {
  if (process.platform === 'linux' || root !== '/') {
    const read = reader(root);
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(read('proc/meminfo') ?? '')?.[1];
    const machine = kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
    return Math.min(machine, ...groupLimits(read).map(({ limit, used }) => Math.max(0, limit - used)));
  }
  // macOS keeps read files and idle programs in memory, and counts little as free: it can give back about half.
  return process.platform === 'darwin' ? Math.max(freemem(), totalmem() / 2) : freemem();
}

/** Bytes of memory that this machine has, or that this process's control group may use. */
export function memoryLimit(root = '/'): number {
  return Math.min(totalmem(), ...groupLimits(reader(root)).map(({ limit }) => limit));
}

type Read = (path: string) => string | undefined;

const reader =
  (root: string): Read =>
  (path) => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch {
      return undefined; // another system, or an older kernel
    }
  };

/** Of the control group that this process is in and of those above it, each with a limit: bytes, without files that could be given up. */
function groupLimits(read: Read): { limit: number; used: number }[] {
  const groups = (read('proc/self/cgroup') ?? '').split('\n').map((line) => {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return { controllers: controllers.split(','), path };
  });
  return groups.flatMap(({ controllers, path }) => {
    if (controllers.includes('memory')) {
      return upwards(path).flatMap((group) =>
        limitIn(read, posix.join('sys/fs/cgroup/memory', group), [
          'memory.limit_in_bytes',
          'memory.usage_in_bytes',
          'total_inactive_file',
        ]),
      );
    }
    if (controllers.join() !== '') return [];
    return upwards(path).flatMap((group) =>
      limitIn(read, posix.join('sys/fs/cgroup', group), ['memory.max', 'memory.current', 'inactive_file']),
    );
  });
}

/** `/a/b`, `/a` and `/`. In a container the path may be one outside of it; then only `/` is there. */
function upwards(path: string): string[] {
  return path === '/' || path === '.' || path === '' ? ['/'] : [path, ...upwards(posix.dirname(path))];
}

function limitIn(
  read: Read,
  folder: string,
  [limitFile, usedFile, files]: [string, string, string],
): { limit: number; used: number }[] {
  const limit = Number(read(posix.join(folder, limitFile)) ?? Number.NaN);
  // `max` is no number; version 1 writes a huge one where there is no limit.
  if (!Number.isFinite(limit) || limit > 2 ** 60) return [];
  const used = Number(read(posix.join(folder, usedFile)) ?? 0);
  const reclaimable = new RegExp(`^${files} (\\d+)$`, 'm').exec(
    read(posix.join(folder, 'memory.stat')) ?? '',
  )?.[1];
  return [{ limit, used: Math.max(0, used - Number(reclaimable ?? 0)) }];
}
