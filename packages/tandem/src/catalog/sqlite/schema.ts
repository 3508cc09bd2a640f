import type { DatabaseForm } from './database.ts';

/**
 * The catalogue's tables. Each entry brings a file one version further, and is never edited once released: `user_version`
 * says how many have been applied. JSON columns hold plain data of the core types; offsets count UTF-16 units.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE index_state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    configuration_hash TEXT NOT NULL,
    embedder_hash TEXT NOT NULL,
    embedder_name TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    committed_seq INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    change_mark TEXT NOT NULL,
    access TEXT NOT NULL,
    metadata TEXT NOT NULL,
    aliases TEXT NOT NULL,
    blocks TEXT NOT NULL,
    text TEXT NOT NULL,
    characters INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    added_seq INTEGER NOT NULL,
    indexed_at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE problems (
    uri TEXT PRIMARY KEY,
    source_id TEXT NOT NULL,
    change_mark TEXT NOT NULL,
    message TEXT NOT NULL,
    hint TEXT,
    at TEXT NOT NULL
  ) STRICT;

  CREATE TABLE embeddings (
    embedder_hash TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    vector BLOB NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (embedder_hash, text_hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    config TEXT NOT NULL,
    inputs TEXT NOT NULL,
    metrics TEXT NOT NULL,
    artefacts TEXT NOT NULL,
    error TEXT,
    process TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_by_kind ON runs (kind, started_at);

  CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs (id),
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE datasets (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE TABLE adapters (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE TABLE traces (id TEXT PRIMARY KEY, created_at TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE INDEX traces_by_time ON traces (created_at);

  CREATE TABLE deployment_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('push', 'undo')),
    data TEXT NOT NULL
  ) STRICT;

  CREATE TABLE looks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    cases_hash TEXT NOT NULL,
    purpose TEXT NOT NULL,
    run_id TEXT
  ) STRICT;

  CREATE TABLE calibrations (key TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL) STRICT;
  `,
  `
  -- Texts apart from what is listed: a list of all documents then reads no page of text.
  CREATE TABLE document_texts (id TEXT PRIMARY KEY, blocks TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  INSERT INTO document_texts SELECT id, blocks, text FROM documents;

  CREATE TABLE listed_documents (
    id TEXT PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    change_mark TEXT NOT NULL,
    access TEXT NOT NULL,
    access_from_source INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    aliases TEXT NOT NULL,
    characters INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    added_seq INTEGER NOT NULL,
    indexed_at TEXT NOT NULL,
    read_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    -- NULL: when its source was last checked; set for a document that could not be looked at then.
    seen_at TEXT
  ) STRICT;
  -- A label other than the default was the document's own: sources had none to give.
  INSERT INTO listed_documents
    SELECT id, uri, source_id, title, media_type, content_hash, change_mark, access, access = 'public', metadata, aliases,
      characters, chunk_count, added_seq, indexed_at, indexed_at, indexed_at, NULL
    FROM documents;
  DROP TABLE documents;
  ALTER TABLE listed_documents RENAME TO documents;

  CREATE TABLE source_checks (source_id TEXT PRIMARY KEY, checked_at TEXT NOT NULL) STRICT;

  -- Since when documents have their present content, for documents that are being indexed again.
  CREATE TABLE earlier_contents (id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, changed_at TEXT NOT NULL) STRICT;

  -- Whose texts the cached vectors are: of all versions and chunkings.
  CREATE TABLE embedding_uses (
    document_id TEXT NOT NULL,
    text_hash BLOB NOT NULL,
    PRIMARY KEY (document_id, text_hash)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE forgotten (document TEXT NOT NULL, hash TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (document, hash)) STRICT;
  CREATE TABLE forgetting (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
  `,
  `
  -- What people said of answers: one rating for each trace.
  CREATE TABLE feedback (
    trace_id TEXT PRIMARY KEY,
    rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
    better TEXT,
    at TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- Abbreviations that documents' texts define, looked up in lower case. Older documents get theirs when they are next put.
  CREATE TABLE definitions (
    key TEXT NOT NULL,
    abbreviation TEXT NOT NULL,
    long_form TEXT NOT NULL,
    access TEXT NOT NULL,
    document_id TEXT NOT NULL,
    PRIMARY KEY (key, abbreviation, long_form, access, document_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX definitions_by_document ON definitions (document_id);
  `,
  `
  -- How well the embedder tells the index's passages apart, and of how many chunks it was measured.
  ALTER TABLE index_state ADD COLUMN separation REAL;
  ALTER TABLE index_state ADD COLUMN separation_chunks INTEGER;
  `,
  `
  -- NULL: not plain, or not asked for yet; documents get theirs when they are next put.
  ALTER TABLE documents ADD COLUMN language TEXT;
  -- Which languages there are is asked before a question is searched, and must not read the table.
  CREATE INDEX documents_by_language ON documents (language);
  `,
];

/** The file of a catalogue. */
export const catalogForm: DatabaseForm = { migrations, called: 'catalogue', makeAgain: 'ingest again' };
