import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockedError } from '../../core/errors/locked-error.ts';
import type { WriterLock } from '../catalog.ts';

/**
 * The project's one writer's place: an exclusive SQLite transaction on a file of its own. The operating system drops it when
 * the process dies, however it dies, so there is no stale lock to detect and no clock to trust. Who holds it stands in a
 * second file, for the message only.
 */
export async function lockForWriting(
  catalogPath: string,
  purpose: string,
  { waitMs = 0, signal }: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<WriterLock> {
  const lockPath = `${catalogPath}.lock`;
  const holderPath = `${catalogPath}.writer.json`;
  const deadline = Date.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    const connection = tryLock(lockPath);
    if (connection) {
      writeFileSync(holderPath, JSON.stringify({ pid: process.pid, purpose }));
      let held = true;
      const release = async () => {
        if (!held) return;
        held = false;
        rmSync(holderPath, { force: true });
        connection.close();
      };
      return { release, [Symbol.asyncDispose]: release };
    }
    if (Date.now() >= deadline) throw lockedBy(readHolder(holderPath));
    await sleep(Math.min(100, Math.max(1, deadline - Date.now())), undefined, signal ? { signal } : {});
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  const connection = new DatabaseSync(path, { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === 5 /* SQLITE_BUSY */) return undefined;
    throw error;
  }
}

interface Holder {
  pid?: number;
  purpose?: string;
}

function readHolder(path: string): Holder {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return {}; // It is just being written, or just gone: the message then names nobody.
  }
}

function lockedBy({ pid, purpose }: Holder): LockedError {
  return new LockedError({
    domain: 'catalog',
    ...(pid === undefined ? {} : { heldBy: pid }),
    message: `Another process${pid === undefined ? '' : ` (pid ${pid}${purpose ? `, ${purpose}` : ''})`} is writing to this project.`,
    hint: 'Wait for it to finish, or stop it, and run this command again; asking and searching work meanwhile.',
  });
}
