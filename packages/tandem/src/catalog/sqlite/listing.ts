import type { ListedWork, ListingCatalog } from '../catalog.ts';
import type { Database } from './database.ts';
import { type ProblemRow, toProblem } from './documents.ts';

/**
 * The listing lies in temporary tables, which belong to this connection and which SQLite keeps in a file that it deletes. What
 * has to be done falls out of a few joins with the documents' table, none of them a query for each document.
 */
export function listingCatalog(database: Database): ListingCatalog {
  const count = (table: string) => database.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!.n;

  return {
    async begin() {
      for (const sql of tables) database.run(sql);
      for (const table of tableNames) database.run(`DELETE FROM temp.${table}`);
    },

    async add(entries) {
      database.transaction(() => {
        for (const { uri, source, sourceId, changeMark, access, entry } of entries)
          database.run(
            'INSERT OR IGNORE INTO temp.listing (uri, source, source_id, change_mark, access, entry) VALUES (?, ?, ?, ?, ?, ?)',
            uri,
            source,
            sourceId,
            changeMark,
            access ?? null,
            JSON.stringify(entry),
          );
      });
      return count('temp.listing');
    },

    async compare(unlisted, unavailable = []) {
      return database.transaction(() => {
        for (const uri of unlisted) database.run('INSERT OR IGNORE INTO temp.unlisted VALUES (?)', uri);
        for (const id of unavailable) database.run('INSERT OR IGNORE INTO temp.unavailable VALUES (?)', id);
        // Half a listing says little. A document that another source lists as well keeps the label of its own source.
        database.run(
          `DELETE FROM temp.listing WHERE source_id IN (SELECT source_id FROM temp.unavailable)
             OR uri IN (SELECT uri FROM documents WHERE source_id IN (SELECT source_id FROM temp.unavailable))`,
        );
        // What moved from one source's listing to another's is the same document still.
        database.run(
          `UPDATE documents SET source_id = listing.source_id FROM temp.listing
           WHERE listing.uri = documents.uri AND listing.source_id <> documents.source_id`,
        );
        const state = `CASE
          WHEN documents.change_mark = listing.change_mark THEN
            CASE WHEN documents.access_from_source AND documents.access <> coalesce(listing.access, 'public')
              THEN 'relabel' ELSE 'unchanged' END
          WHEN problems.change_mark = listing.change_mark THEN 'problem'
          WHEN documents.id IS NULL THEN 'new' ELSE 'changed' END`;
        const compared = `temp.listing LEFT JOIN documents USING (uri) LEFT JOIN problems USING (uri)`;
        database.run(
          `INSERT INTO temp.work (ordinal, kind)
           SELECT ordinal, state FROM (SELECT ordinal, ${state} AS state FROM ${compared})
           WHERE state IN ('relabel', 'changed', 'new')
           ORDER BY CASE state WHEN 'relabel' THEN 1 WHEN 'changed' THEN 2 ELSE 3 END, ordinal`,
        );
        database.run(
          `INSERT INTO temp.gone
           SELECT id, uri, content_hash, change_mark IN (
             SELECT change_mark FROM temp.work JOIN temp.listing USING (ordinal) WHERE kind = 'new')
           FROM documents
           WHERE uri NOT IN (SELECT uri FROM temp.listing) AND NOT ${isUnlisted}`,
        );
        const listed = count('temp.listing');
        const work = count('temp.work');
        const problems = database.all<ProblemRow>(
          `SELECT problems.* FROM ${compared} WHERE ${state} = 'problem' ORDER BY ordinal`,
        );
        return {
          listed,
          work,
          unchanged: listed - work - problems.length,
          gone: database.all<{ id: string; uri: string }>('SELECT id, uri FROM temp.gone WHERE NOT moved'),
          moved: database.get<{ n: number }>('SELECT count(*) AS n FROM temp.gone WHERE moved')!.n,
          problems: problems.map(toProblem),
          resolved: database
            .all<{ uri: string }>(
              `SELECT problems.uri FROM problems LEFT JOIN temp.listing USING (uri) LEFT JOIN documents USING (uri)
               WHERE listing.uri IS NULL OR documents.change_mark = listing.change_mark`,
            )
            .map(({ uri }) => uri),
        };
      });
    },

    async has(uri) {
      return database.get('SELECT 1 FROM temp.listing WHERE uri = ?', uri) !== undefined;
    },

    async work(after, limit) {
      return database
        .all<WorkRow>(
          `SELECT rank, kind, source, listing.source_id, uri, listing.change_mark, listing.access, entry,
             documents.id, content_hash, documents.access AS access_before, access_from_source
           FROM temp.work JOIN temp.listing USING (ordinal) LEFT JOIN documents USING (uri)
           WHERE rank > ? ORDER BY rank LIMIT ?`,
          after,
          limit,
        )
        .map((row) => ({
          rank: row.rank,
          kind: row.kind,
          source: row.source,
          sourceId: row.source_id,
          uri: row.uri,
          changeMark: row.change_mark,
          ...(row.access === null ? {} : { access: row.access }),
          entry: JSON.parse(row.entry),
          ...(row.id === null
            ? {}
            : {
                before: {
                  id: row.id,
                  contentHash: row.content_hash!,
                  access: row.access_before!,
                  accessFromSource: row.access_from_source === 1,
                },
              }),
        }));
    },

    async takeMoved(by) {
      const column = 'uri' in by ? 'uri' : 'content_hash';
      return database.get<{ id: string; uri: string }>(
        `DELETE FROM temp.gone WHERE rowid = (SELECT rowid FROM temp.gone WHERE moved AND ${column} = ? LIMIT 1)
         RETURNING id, uri`,
        'uri' in by ? by.uri : by.contentHash,
      );
    },

    async restOfMoved() {
      return database.all<{ id: string; uri: string }>('SELECT id, uri FROM temp.gone WHERE moved');
    },

    async finish(checks) {
      database.transaction(() => {
        // A document that cannot be listed or read stays, but it was not seen: it keeps the time of the check before.
        const unseen = `(uri IN (SELECT uri FROM problems)
          OR (uri NOT IN (SELECT uri FROM temp.listing) AND ${isUnlisted}))`;
        database.run(
          `UPDATE documents SET seen_at = max(coalesce(
             (SELECT checked_at FROM source_checks WHERE source_checks.source_id = documents.source_id), ''), read_at)
           WHERE seen_at IS NULL AND ${unseen}`,
        );
        database.run(`UPDATE documents SET seen_at = NULL WHERE seen_at IS NOT NULL AND NOT ${unseen}`);
        database.run('DELETE FROM source_checks');
        for (const { sourceId, checkedAt } of checks)
          database.run('INSERT OR REPLACE INTO source_checks VALUES (?, ?)', sourceId, checkedAt);
        database.run('DELETE FROM earlier_contents');
      });
      for (const table of tableNames) database.run(`DELETE FROM temp.${table}`);
    },
  };
}

const tables = [
  `CREATE TEMP TABLE IF NOT EXISTS listing (
    ordinal INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    source INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    change_mark TEXT NOT NULL,
    access TEXT,
    entry TEXT NOT NULL
  ) STRICT`,
  'CREATE TEMP TABLE IF NOT EXISTS work (rank INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, kind TEXT NOT NULL) STRICT',
  `CREATE TEMP TABLE IF NOT EXISTS gone (id TEXT NOT NULL, uri TEXT NOT NULL, content_hash TEXT NOT NULL, moved INTEGER NOT NULL) STRICT`,
  'CREATE TEMP TABLE IF NOT EXISTS unlisted (uri TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
  'CREATE TEMP TABLE IF NOT EXISTS unavailable (source_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
];
const tableNames = ['listing', 'work', 'gone', 'unlisted', 'unavailable'];

/** Neither there nor gone: the uri itself could not be listed, a folder that it is in, or its whole source. */
const isUnlisted = `(documents.uri IN (SELECT uri FROM temp.unlisted)
  OR documents.source_id IN (SELECT source_id FROM temp.unavailable)
  OR EXISTS (SELECT 1 FROM temp.unlisted AS folder
    WHERE substr(folder.uri, -1) = '/' AND substr(documents.uri, 1, length(folder.uri)) = folder.uri))`;

interface WorkRow {
  rank: number;
  kind: ListedWork['kind'];
  source: number;
  source_id: string;
  uri: string;
  change_mark: string;
  access: string | null;
  entry: string;
  id: string | null;
  content_hash: string | null;
  access_before: string | null;
  access_from_source: number | null;
}
