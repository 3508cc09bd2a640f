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
    CREATE TABLE files (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      filename TEXT NOT NULL,
      purpose TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      access TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER
    ) STRICT;
    CREATE INDEX files_by_tenant ON files (tenant, seq);

    CREATE TABLE uploads (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      filename TEXT NOT NULL,
      purpose TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      file_seconds INTEGER,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      status TEXT NOT NULL,
      file TEXT
    ) STRICT;
    CREATE TABLE upload_parts (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
      bytes INTEGER NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX parts_by_upload ON upload_parts (upload);

    CREATE TABLE vector_stores (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      description TEXT,
      metadata TEXT NOT NULL,
      expires_days INTEGER,
      created_at INTEGER NOT NULL,
      last_active_at INTEGER NOT NULL,
      expired INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX vector_stores_by_tenant ON vector_stores (tenant, seq);

    -- One row for each file and way of cutting; its index is in line with it where indexed = revision. Removed rows stay until their index is.
    CREATE TABLE vector_store_files (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      store TEXT NOT NULL REFERENCES vector_stores (id) ON DELETE CASCADE,
      tenant TEXT NOT NULL,
      file TEXT NOT NULL,
      filename TEXT NOT NULL,
      chunking TEXT NOT NULL,
      status TEXT NOT NULL,
      error TEXT,
      attributes TEXT NOT NULL,
      label TEXT NOT NULL,
      own_label TEXT,
      usage_bytes INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      revision INTEGER NOT NULL DEFAULT 1,
      indexed INTEGER NOT NULL DEFAULT 0,
      UNIQUE (store, file, chunking)
    ) STRICT;
    CREATE INDEX vector_store_files_by_file ON vector_store_files (file);
    CREATE INDEX vector_store_files_behind ON vector_store_files (store) WHERE indexed < revision;

    CREATE TABLE vector_store_batches (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      store TEXT NOT NULL REFERENCES vector_stores (id) ON DELETE CASCADE,
      created_at INTEGER NOT NULL,
      cancelled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE vector_store_batch_files (
      batch TEXT NOT NULL REFERENCES vector_store_batches (id) ON DELETE CASCADE,
      tenant TEXT NOT NULL,
      file TEXT NOT NULL,
      status TEXT NOT NULL,
      PRIMARY KEY (batch, file)
    ) STRICT;
    CREATE INDEX batches_by_store ON vector_store_batches (store);
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
