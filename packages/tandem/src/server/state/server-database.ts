import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Database, type DatabaseForm } from '../../catalog/sqlite/database.ts';

/**
 * What a server remembers beside its projects: keys, files, fine-tuning jobs, vector stores. Times are Unix seconds; JSON columns hold what the
 * API shows. Each entry brings a file one version further, and is never edited once released.
 */
const form: DatabaseForm = {
  called: "server's database",
  makeAgain: 'make its keys again',
  migrations: [
    `
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      tenant TEXT NOT NULL,
      scopes TEXT NOT NULL,
      access TEXT,
      projects TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER
    ) STRICT;
    `,
  ],
};

/** Opens `FOLDER/server.sqlite`; a commit that returned survives a power cut. */
export function openServerDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new Database(join(folder, 'server.sqlite'), form);
}

/** `.tandem/server` of a project, else of the working directory. */
export function defaultServerFolder(project = '.'): string {
  return resolve(project, '.tandem', 'server');
}
