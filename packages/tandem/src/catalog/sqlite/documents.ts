import { TandemError } from '../../core/errors/tandem-error.ts';
import type {
  Definition,
  DocumentCatalog,
  DocumentProblem,
  DocumentSummary,
  EmbeddingCache,
  IndexCatalog,
  IndexCommit,
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
        database.run(
          'INSERT OR REPLACE INTO earlier_contents SELECT id, content_hash, changed_at FROM documents',
        );
        database.run('DELETE FROM documents');
        database.run('DELETE FROM document_texts');
        database.run('DELETE FROM definitions');
        database.run('DELETE FROM problems');
        database.run(
          `INSERT OR REPLACE INTO index_state
             (only, configuration_hash, embedder_hash, embedder_name, dimensions, generation, committed_seq)
             VALUES (1, ?, ?, ?, ?, ?, ?)`,
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
        const changedAt = put.map((document) => changedAtOf(database, document));
        for (const id of [...remove, ...put.map((document) => document.id)]) {
          database.run('DELETE FROM documents WHERE id = ?', id);
          database.run('DELETE FROM document_texts WHERE id = ?', id);
          database.run('DELETE FROM definitions WHERE document_id = ?', id);
          database.run('DELETE FROM earlier_contents WHERE id = ?', id);
        }
        for (const [i, document] of put.entries())
          insertDocument(database, { ...document, changedAt: changedAt[i]! });
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

    async setSeparation({ value, chunks }) {
      database.run('UPDATE index_state SET separation = ?, separation_chunks = ?', value, chunks);
    },
  };
}

export function documentCatalog(database: Database): DocumentCatalog {
  const get = (id: string) => {
    const row = database.get<DocumentRow>(`${wholeDocuments} WHERE documents.id = ?`, id);
    return row && toDocument(row);
  };
  return {
    async get(id) {
      return get(id);
    },

    async at(uri) {
      const row = database.get<{ id: string; content_hash: string }>(
        'SELECT id, content_hash FROM documents WHERE uri = ?',
        uri,
      );
      return row && { id: row.id, contentHash: row.content_hash };
    },

    async languages() {
      return database
        .all<{ language: string | null }>('SELECT DISTINCT language FROM documents')
        .map(({ language }) => language ?? undefined);
    },

    async countByLanguage() {
      return database
        .all<{ language: string | null; documents: number }>(
          'SELECT language, count(*) AS documents FROM documents GROUP BY language ORDER BY documents DESC, language',
        )
        .map(({ language, documents }) => ({ language: language ?? undefined, documents }));
    },

    async idsInLanguage(language, limit) {
      return database
        .all<{ id: string }>(
          'SELECT id FROM documents WHERE language = ? ORDER BY id LIMIT ?',
          language,
          limit,
        )
        .map(({ id }) => id);
    },

    async languagesOf(ids) {
      const rows = database.all<{ id: string; language: string }>(
        `SELECT documents.id AS id, language FROM json_each(?) AS wanted JOIN documents ON documents.id = wanted.value
         WHERE language IS NOT NULL`,
        JSON.stringify(ids),
      );
      return new Map(rows.map(({ id, language }) => [id, language]));
    },

    async uriOf(id) {
      return database.get<{ uri: string }>('SELECT uri FROM documents WHERE id = ?', id)?.uri;
    },

    async freshness(ids) {
      const rows = database.all<{ id: string; seen_at: string; changed_at: string }>(
        `SELECT documents.id AS id, ${seenAt} AS seen_at, changed_at
         FROM json_each(?) AS wanted JOIN documents ON documents.id = wanted.value
         LEFT JOIN source_checks USING (source_id)`,
        JSON.stringify(ids),
      );
      return new Map(rows.map((row) => [row.id, { seenAt: row.seen_at, changedAt: row.changed_at }]));
    },

    async changeMarks() {
      return (uri) =>
        database.get<{ change_mark: string }>(
          `SELECT change_mark FROM documents WHERE uri = ?1
           UNION ALL SELECT change_mark FROM problems WHERE uri = ?1 LIMIT 1`,
          uri,
        )?.change_mark;
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

    async definitions() {
      return (abbreviation, { documentIds, excludeDocumentIds, access, metadata } = {}) => {
        const given: [condition: string, value: unknown][] = [];
        if (access) given.push(['access IN (SELECT value FROM json_each(?))', access]);
        if (documentIds) given.push(['document_id IN (SELECT value FROM json_each(?))', documentIds]);
        if (excludeDocumentIds)
          given.push(['document_id NOT IN (SELECT value FROM json_each(?))', excludeDocumentIds]);
        if (metadata) given.push([hasMetadata, metadata]);
        return database.all<Definition & { documents: number }>(
          `SELECT abbreviation, long_form AS longForm, count(*) AS documents FROM definitions
           WHERE ${['key = ?', ...given.map(([condition]) => condition)].join(' AND ')}
           GROUP BY abbreviation, long_form ORDER BY documents DESC, long_form`,
          abbreviation.toLowerCase(),
          ...given.map(([, value]) => JSON.stringify(value)),
        );
      };
    },

    async *all() {
      // By key rather than by cursor: a commit between two documents must not invalidate the iteration.
      const after = (id: string) =>
        database.get<DocumentRow>(
          `${wholeDocuments} WHERE documents.id > ? ORDER BY documents.id LIMIT 1`,
          id,
        );
      for (let row = after(''); row; row = after(row.id)) yield toDocument(row);
    },

    async count() {
      return database.get<{ documents: number; chunks: number; problems: number }>(
        `SELECT count(*) AS documents, coalesce(sum(chunk_count), 0) AS chunks,
          (SELECT count(*) FROM problems) AS problems FROM documents`,
      )!;
    },

    async problems() {
      return database.all<ProblemRow>('SELECT * FROM problems ORDER BY uri').map(toProblem);
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
          const row = database.get<{ vector: Uint8Array; used_at: number }>(
            'SELECT vector, used_at FROM embeddings WHERE embedder_hash = ? AND text_hash = ?',
            embedderHash,
            textHash,
          );
          if (!row) continue;
          // Copied: the blob need not be aligned to four bytes.
          found.set(textHash, new Float32Array(row.vector.slice().buffer));
          // To the hour: rewriting every row at every look-up would cost too much.
          if (row.used_at < now - 3_600_000)
            database.run(
              'UPDATE embeddings SET used_at = ? WHERE embedder_hash = ? AND text_hash = ?',
              now,
              embedderHash,
              textHash,
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
      return database.transaction(() => {
        const dropped = database.run('DELETE FROM embeddings WHERE used_at < ?', before.getTime());
        if (dropped > 0)
          database.run(
            'DELETE FROM embedding_uses WHERE lower(hex(text_hash)) NOT IN (SELECT text_hash FROM embeddings)',
          );
        return dropped;
      });
    },

    async countOf(documentId, textHashes = []) {
      return database.get<{ n: number }>(
        `SELECT count(*) AS n FROM embeddings WHERE text_hash IN (${textsOfDocument})`,
        documentId,
        JSON.stringify(textHashes),
      )!.n;
    },

    async forget(documentId, textHashes = []) {
      return database.transaction(() => {
        const dropped = database.run(
          `DELETE FROM embeddings WHERE text_hash IN (${textsOfDocument})`,
          documentId,
          JSON.stringify(textHashes),
        );
        database.run('DELETE FROM embedding_uses WHERE document_id = ?', documentId);
        return dropped;
      });
    },
  };
}

/** A condition: the document has, for each of the fields asked for, the value or one of the values. */
const hasMetadata = `NOT EXISTS (
  SELECT 1 FROM json_each(?) AS wanted WHERE NOT EXISTS (
    SELECT 1 FROM documents, json_each(documents.metadata) AS field
    WHERE documents.id = document_id AND field.key = wanted.key AND CASE wanted.type
      WHEN 'array' THEN field.value IN (SELECT value FROM json_each(wanted.value))
      ELSE field.value = wanted.value END))`;

const textsOfDocument =
  'SELECT lower(hex(text_hash)) FROM embedding_uses WHERE document_id = ? UNION SELECT value FROM json_each(?)';

/** A column: the time of the source's last check, or the one kept instead, and never before the bytes were read. */
const seenAt = "max(coalesce(seen_at, checked_at, ''), read_at)";

interface StateRow {
  configuration_hash: string;
  embedder_hash: string;
  embedder_name: string;
  dimensions: number;
  generation: number;
  committed_seq: number;
  separation: number | null;
  separation_chunks: number | null;
}

const toState = (row: StateRow): IndexState => ({
  configurationHash: row.configuration_hash,
  embedderHash: row.embedder_hash,
  embedderName: row.embedder_name,
  dimensions: row.dimensions,
  generation: row.generation,
  committedSeq: row.committed_seq,
  ...(row.separation !== null &&
    row.separation_chunks !== null && {
      separation: { value: row.separation, chunks: row.separation_chunks },
    }),
});

export interface ProblemRow {
  uri: string;
  source_id: string;
  change_mark: string;
  message: string;
  hint: string | null;
  at: string;
}

export const toProblem = (row: ProblemRow): DocumentProblem => ({
  uri: row.uri,
  sourceId: row.source_id,
  changeMark: row.change_mark,
  message: row.message,
  ...(row.hint === null ? {} : { hint: row.hint }),
  at: row.at,
});

const summaryColumns =
  'id, uri, source_id, title, media_type, content_hash, change_mark, access, access_from_source, metadata, aliases, characters, chunk_count, added_seq, indexed_at, read_at, changed_at, language';

const wholeDocuments =
  'SELECT documents.*, blocks, text FROM documents JOIN document_texts ON document_texts.id = documents.id';

interface SummaryRow {
  id: string;
  uri: string;
  source_id: string;
  title: string;
  media_type: string;
  content_hash: string;
  change_mark: string;
  access: string;
  access_from_source: number;
  metadata: string;
  aliases: string;
  characters: number;
  chunk_count: number;
  added_seq: number;
  indexed_at: string;
  read_at: string;
  changed_at: string;
  language: string | null;
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
    accessFromSource: row.access_from_source === 1,
    metadata: JSON.parse(row.metadata),
    aliases: JSON.parse(row.aliases),
    characters: row.characters,
    chunkCount: row.chunk_count,
    addedSeq: row.added_seq,
    indexedAt: row.indexed_at,
    readAt: row.read_at,
    changedAt: row.changed_at,
    ...(row.language !== null && { language: row.language }),
  };
}

function toDocument(row: DocumentRow): IndexedDocument {
  const { characters: _, ...summary } = toSummary(row);
  return { ...summary, text: row.text, blocks: JSON.parse(row.blocks) };
}

/** The time kept so far, if the content has not changed since; also if all documents were indexed again in between. */
function changedAtOf(database: Database, { id, contentHash, changedAt }: IndexedDocument): string {
  const earlier = database.get<{ changed_at: string }>(
    `SELECT changed_at FROM documents WHERE id = ?1 AND content_hash = ?2
     UNION ALL SELECT changed_at FROM earlier_contents WHERE id = ?1 AND content_hash = ?2 LIMIT 1`,
    id,
    contentHash,
  )?.changed_at;
  return earlier !== undefined && earlier < changedAt ? earlier : changedAt;
}

function insertDocument(database: Database, document: IndexCommit['put'][number]): void {
  database.run(
    `INSERT INTO documents (${summaryColumns}) VALUES (${Array(18).fill('?').join(', ')})`,
    document.id,
    document.uri,
    document.sourceId,
    document.title,
    document.mediaType,
    document.contentHash,
    document.changeMark,
    document.access,
    document.accessFromSource ? 1 : 0,
    JSON.stringify(document.metadata),
    JSON.stringify(document.aliases),
    document.text.length,
    document.chunkCount,
    document.addedSeq,
    document.indexedAt,
    document.readAt,
    document.changedAt,
    document.language ?? null,
  );
  database.run(
    'INSERT INTO document_texts VALUES (?, ?, ?)',
    document.id,
    JSON.stringify(document.blocks),
    document.text,
  );
  for (const hash of document.textHashes ?? [])
    database.run('INSERT OR IGNORE INTO embedding_uses VALUES (?, unhex(?))', document.id, hash);
  for (const { abbreviation, longForm } of document.definitions ?? [])
    database.run(
      'INSERT OR IGNORE INTO definitions VALUES (?, ?, ?, ?, ?)',
      abbreviation.toLowerCase(),
      abbreviation,
      longForm,
      document.access,
      document.id,
    );
}
