import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockedError } from '../../core/errors/locked-error.ts';
import type { WriterLock } from '../catalog.ts';

/**
 * The project's one writer's place: an exclusive SQLite transaction on a file of its own. The operating system drops it when
 * the process dies, however it dies, so there is no stale lock to detect and no clock to trust. Who holds it is written in a
 * second file, for the message only.
 */
export async function lockForWriting(
  catalogPath: string,
  purpose: string,
  options: LockOptions = {},
): Promise<WriterLock> {
  const holderPath = `${catalogPath}.writer.json`;
  const connection = await waitFor(
    () => tryLock(`${catalogPath}.lock`),
    () => lockedBy(readHolder(holderPath)),
    options,
  );
  writeFileSync(holderPath, JSON.stringify({ pid: process.pid, purpose }));
  return heldUntil(() => {
    rmSync(holderPath, { force: true });
    connection.close();
  });
}

/** The writer's place of a catalogue in memory, which only this process can reach. */
export function memoryLock(): (purpose: string, options?: LockOptions) => Promise<WriterLock> {
  let holder: Holder | undefined;
  return async (purpose, options = {}) => {
    await waitFor(
      () => (holder === undefined ? (holder = { pid: process.pid, purpose }) : undefined),
      () => lockedBy(holder ?? {}),
      options,
    );
    return heldUntil(() => {
      holder = undefined;
    });
  };
}

interface LockOptions {
  waitMs?: number;
  signal?: AbortSignal;
}

/** Tries until it succeeds or the time is over. */
async function waitFor<Place>(
  attempt: () => Place | undefined,
  refusal: () => LockedError,
  { waitMs = 0, signal }: LockOptions,
): Promise<Place> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    signal?.throwIfAborted();
    const place = attempt();
    if (place !== undefined) return place;
    if (Date.now() >= deadline) throw refusal();
    await sleep(Math.min(100, Math.max(1, deadline - Date.now())), undefined, signal ? { signal } : {});
  }
}

function heldUntil(free: () => void): WriterLock {
  let held = true;
  const release = async () => {
    if (held) free();
    held = false;
  };
  return { release, [Symbol.asyncDispose]: release };
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
    return {}; // It is being written or was just removed: the message then names no process.
  }
}

function lockedBy({ pid, purpose }: Holder): LockedError {
  return new LockedError({
    domain: 'catalog',
    ...(pid === undefined ? {} : { heldBy: pid }),
    message:
      pid === process.pid
        ? `This process is writing to the same data already${purpose ? ` (${purpose})` : ''}.`
        : `Another process${pid === undefined ? '' : ` (pid ${pid}${purpose ? `, ${purpose}` : ''})`} is writing to the same data.`,
    hint: 'Wait for it to finish, or stop it, and try again; asking and searching work meanwhile.',
  });
}
