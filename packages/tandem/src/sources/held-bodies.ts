import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SourceError } from '../core/errors/source-error.ts';

export interface HeldBody {
  bytes: Uint8Array;
  mediaType?: string;
}

/**
 * Bodies that a source read while it listed, on disk until they are loaded: a crawl of a thousand pages must not be a
 * thousand pages in memory. In a file they outlast an ingest that was stopped, and the next one need not fetch them again;
 * without one they go with the process.
 */
export class HeldBodies implements Disposable {
  readonly database: DatabaseSync;

  constructor(file: string | undefined) {
    if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
    // SQLite's empty name is a private database on disk that is deleted with its connection.
    this.database = new DatabaseSync(file ?? '', { timeout: 2000 });
    try {
      // What is loaded or forgotten leaves no trace in the file.
      this.database.exec(`
        PRAGMA auto_vacuum = FULL; PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
        CREATE TABLE IF NOT EXISTS bodies (uri TEXT PRIMARY KEY, mark TEXT NOT NULL, mediaType TEXT, body BLOB NOT NULL) STRICT;
      `);
    } catch (cause) {
      this.database.close();
      throw new SourceError({
        uri: file ?? '',
        message: `${file} cannot be used: ${(cause as Error).message}.`,
        hint: 'Delete it: it only holds what saves asking a source again.',
        cause,
      });
    }
  }

  put(uri: string, mark: string, { bytes, mediaType }: HeldBody): void {
    this.database
      .prepare('INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?)')
      .run(uri, mark, mediaType ?? null, gzipSync(bytes, { level: 1 }));
  }

  has(uri: string, mark: string): boolean {
    return (
      this.database.prepare('SELECT 1 FROM bodies WHERE uri = ? AND mark = ?').get(uri, mark) !== undefined
    );
  }

  /** Hands a body over: from then on the caller holds it. Undefined where this version of it is not held. */
  take(uri: string, mark: string): HeldBody | undefined {
    const row = this.database
      .prepare('DELETE FROM bodies WHERE uri = ? AND mark = ? RETURNING body, mediaType')
      .get(uri, mark) as { body: Uint8Array; mediaType: string | null } | undefined;
    return (
      row && { bytes: gunzipSync(row.body), ...(row.mediaType !== null && { mediaType: row.mediaType }) }
    );
  }

  clear(): void {
    this.database.exec('DELETE FROM bodies');
  }

  [Symbol.dispose](): void {
    this.database.close();
  }
}

/** For a source that has no other way to a body. @throws SourceError where it is not held */
export function takeHeld(
  held: HeldBodies | undefined,
  { uri, changeMark }: { uri: string; changeMark: string },
): HeldBody {
  const body = held?.take(uri, changeMark);
  if (body) return body;
  throw new SourceError({
    uri,
    message: `${uri} was listed as unchanged, so its content was not kept.`,
    hint: 'Run the same command again.',
  });
}
