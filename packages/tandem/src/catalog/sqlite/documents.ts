import { TandemError } from '../../core/errors/tandem-error.ts';
import type {
  DocumentCatalog,
  DocumentProblem,
  DocumentSummary,
  EmbeddingCache,
  IndexCatalog,
  IndexedDocument,
  IndexState,
} from '../catalog.ts';
import type { Database } from './database.ts';

export function indexCatalog(database: Database): IndexCatalog {
  const state = () => {
    const row = database.get<StateRow>('SELECT * FROM index_state');
    return row && toState(row);
  };
  return {
    async get() {
      return state();
    },

    async reset({ configurationHash, embedderHash, embedderName, dimensions }) {
      return database.transaction(() => {
        const before = state();
        database.run('DELETE FROM documents');
        database.run('DELETE FROM problems');
        database.run(
          'INSERT OR REPLACE INTO index_state VALUES (1, ?, ?, ?, ?, ?, ?)',
          configurationHash,
          embedderHash,
          embedderName,
          dimensions,
          (before?.generation ?? 0) + 1,
          before?.committedSeq ?? 0,
        );
        return state()!;
      });
    },

    async commit({ seq, put, remove, problems, resolved }) {
      database.transaction(() => {
        const committed = state()?.committedSeq;
        if (committed === undefined || seq !== committed + 1)
          throw new TandemError({
            code: 'stale_commit',
            domain: 'catalog',
            category: 'system',
            message: `Commit ${seq} does not follow the catalogue's ${committed ?? 'empty state'}.`,
            hint: 'Another process changed the index meanwhile: run the command again.',
          });
        for (const id of [...remove, ...put.map((document) => document.id)])
          database.run('DELETE FROM documents WHERE id = ?', id);
        for (const document of put) insertDocument(database, document);
        for (const uri of [...resolved, ...put.map((document) => document.uri)])
          database.run('DELETE FROM problems WHERE uri = ?', uri);
        for (const problem of problems)
          database.run(
            'INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?, ?, ?)',
            problem.uri,
            problem.sourceId,
            problem.changeMark,
            problem.message,
            problem.hint ?? null,
            problem.at,
          );
        database.run('UPDATE index_state SET committed_seq = ?', seq);
      });
    },
  };
}

export function documentCatalog(database: Database): DocumentCatalog {
  const get = (id: string) => {
    const row = database.get<DocumentRow>('SELECT * FROM documents WHERE id = ?', id);
    return row && toDocument(row);
  };
  return {
    async get(id) {
      return get(id);
    },

    async getMany(ids) {
      const found = new Map<string, IndexedDocument>();
      for (const id of new Set(ids)) {
        const document = get(id);
        if (document) found.set(id, document);
      }
      return found;
    },

    async list() {
      return database.all<SummaryRow>(`SELECT ${summaryColumns} FROM documents ORDER BY id`).map(toSummary);
    },

    async *all() {
      // By key rather than by cursor: a commit between two documents must not invalidate the iteration.
      let row = database.get<DocumentRow>('SELECT * FROM documents ORDER BY id LIMIT 1');
      while (row) {
        yield toDocument(row);
        row = database.get<DocumentRow>('SELECT * FROM documents WHERE id > ? ORDER BY id LIMIT 1', row.id);
      }
    },

    async count() {
      return database.get<{ documents: number; chunks: number; problems: number }>(
        `SELECT count(*) AS documents, coalesce(sum(chunk_count), 0) AS chunks,
          (SELECT count(*) FROM problems) AS problems FROM documents`,
      )!;
    },

    async problems() {
      return database.all<ProblemRow>('SELECT * FROM problems ORDER BY uri').map(
        ({ uri, source_id, change_mark, message, hint, at }): DocumentProblem => ({
          uri,
          sourceId: source_id,
          changeMark: change_mark,
          message,
          ...(hint === null ? {} : { hint }),
          at,
        }),
      );
    },

    async setChangeMarks(marks) {
      database.transaction(() => {
        for (const { id, changeMark } of marks)
          database.run('UPDATE documents SET change_mark = ? WHERE id = ?', changeMark, id);
      });
    },
  };
}

export function embeddingCache(database: Database): EmbeddingCache {
  return {
    async get(embedderHash, textHashes) {
      const found = new Map<string, Float32Array>();
      const now = Date.now();
      database.transaction(() => {
        for (const textHash of textHashes) {
          const row = database.get<{ vector: Uint8Array }>(
            'SELECT vector FROM embeddings WHERE embedder_hash = ? AND text_hash = ?',
            embedderHash,
            textHash,
          );
          if (!row) continue;
          // Copied: the blob need not be aligned to four bytes.
          found.set(textHash, new Float32Array(row.vector.slice().buffer));
          database.run(
            'UPDATE embeddings SET used_at = ? WHERE embedder_hash = ? AND text_hash = ? AND used_at < ?',
            now,
            embedderHash,
            textHash,
            now - 3_600_000, // To the hour: rewriting every row at every look-up would cost more than it tells.
          );
        }
      });
      return found;
    },

    async put(embedderHash, entries) {
      const now = Date.now();
      database.transaction(() => {
        for (const { textHash, vector } of entries)
          database.run(
            'INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)',
            embedderHash,
            textHash,
            new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
            now,
          );
      });
    },

    async count() {
      return database.get<{ n: number }>('SELECT count(*) AS n FROM embeddings')!.n;
    },

    async prune(before) {
      return database.run('DELETE FROM embeddings WHERE used_at < ?', before.getTime());
    },
  };
}

interface StateRow {
  configuration_hash: string;
  embedder_hash: string;
  embedder_name: string;
  dimensions: number;
  generation: number;
  committed_seq: number;
}

const toState = (row: StateRow): IndexState => ({
  configurationHash: row.configuration_hash,
  embedderHash: row.embedder_hash,
  embedderName: row.embedder_name,
  dimensions: row.dimensions,
  generation: row.generation,
  committedSeq: row.committed_seq,
});

interface ProblemRow {
  uri: string;
  source_id: string;
  change_mark: string;
  message: string;
  hint: string | null;
  at: string;
}

const summaryColumns =
  'id, uri, source_id, title, media_type, content_hash, change_mark, access, metadata, aliases, characters, chunk_count, added_seq, indexed_at';

interface SummaryRow {
  id: string;
  uri: string;
  source_id: string;
  title: string;
  media_type: string;
  content_hash: string;
  change_mark: string;
  access: string;
  metadata: string;
  aliases: string;
  characters: number;
  chunk_count: number;
  added_seq: number;
  indexed_at: string;
}

interface DocumentRow extends SummaryRow {
  blocks: string;
  text: string;
}

function toSummary(row: SummaryRow): DocumentSummary {
  return {
    id: row.id,
    uri: row.uri,
    sourceId: row.source_id,
    title: row.title,
    mediaType: row.media_type,
    contentHash: row.content_hash,
    changeMark: row.change_mark,
    access: row.access,
    metadata: JSON.parse(row.metadata),
    aliases: JSON.parse(row.aliases),
    characters: row.characters,
    chunkCount: row.chunk_count,
    addedSeq: row.added_seq,
    indexedAt: row.indexed_at,
  };
}

function toDocument(row: DocumentRow): IndexedDocument {
  const { characters: _, ...summary } = toSummary(row);
  return { ...summary, text: row.text, blocks: JSON.parse(row.blocks) };
}

function insertDocument(database: Database, document: IndexedDocument): void {
  database.run(
    `INSERT INTO documents (${summaryColumns}, blocks, text) VALUES (${Array(16).fill('?').join(', ')})`,
    document.id,
    document.uri,
    document.sourceId,
    document.title,
    document.mediaType,
    document.contentHash,
    document.changeMark,
    document.access,
    JSON.stringify(document.metadata),
    JSON.stringify(document.aliases),
    document.text.length,
    document.chunkCount,
    document.addedSeq,
    document.indexedAt,
    JSON.stringify(document.blocks),
    document.text,
  );
}
