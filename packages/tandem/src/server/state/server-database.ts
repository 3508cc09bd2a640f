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
    `
    CREATE TABLE fine_tuning_jobs (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      status TEXT NOT NULL,
      request TEXT NOT NULL,
      metadata TEXT,
      settled TEXT,
      error TEXT,
      tuned_model TEXT UNIQUE,
      weights TEXT,
      result_files TEXT NOT NULL DEFAULT '[]',
      trained_tokens INTEGER,
      step INTEGER NOT NULL DEFAULT 0,
      steps INTEGER,
      attempts INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      started_at INTEGER,
      finished_at INTEGER,
      estimated_finish INTEGER,
      model_deleted_at INTEGER
    ) STRICT;
    CREATE INDEX fine_tuning_jobs_of_tenant ON fine_tuning_jobs (tenant, seq);
    CREATE INDEX fine_tuning_jobs_by_status ON fine_tuning_jobs (status, seq);
    CREATE TABLE fine_tuning_events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      job_id TEXT NOT NULL REFERENCES fine_tuning_jobs (id),
      created_at INTEGER NOT NULL,
      level TEXT NOT NULL,
      type TEXT NOT NULL,
      message TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX fine_tuning_events_of_job ON fine_tuning_events (job_id, seq);
    CREATE TABLE fine_tuning_checkpoints (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      job_id TEXT NOT NULL REFERENCES fine_tuning_jobs (id),
      created_at INTEGER NOT NULL,
      model TEXT NOT NULL UNIQUE,
      step INTEGER NOT NULL,
      metrics TEXT NOT NULL,
      file TEXT,
      UNIQUE (job_id, step)
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
