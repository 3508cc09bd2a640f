import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * LanceDB writes without fsync: a commit would be lost, or half there, after a power cut. Its files are written once and
 * never changed (but for a hint that it can do without), so syncing means: every file not synced before, then every folder
 * that gained one. The first call syncs all there is, for the writer before may have died before its own sync.
 *
 * Another process may write or clean up at the same time: what was listed and is gone when it is opened was the beginning of one
 * of its files, not yet under its name, or an old version. It syncs its own; what this process wrote was there before the call.
 */
export function createFileSync(directory: string): { sync(): Promise<void> } {
  let synced = new Set<string>();
  return {
    async sync() {
      const present = new Set<string>();
      await syncFolder(directory, synced, present);
      synced = present;
    },
  };
}

async function syncFolder(folder: string, synced: Set<string>, present: Set<string>): Promise<void> {
  let gained = false;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    try {
      if (entry.isDirectory()) await syncFolder(path, synced, present);
      else if (!synced.has(path)) await syncPath(path, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue;
    }
    present.add(path);
    gained ||= !synced.has(path);
  }
  // Windows has no fsync for folders and does not need one: names are journalled with the file.
  if (gained && process.platform !== 'win32') await syncPath(folder, 'r');
}

async function syncPath(path: string, flags: string): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
