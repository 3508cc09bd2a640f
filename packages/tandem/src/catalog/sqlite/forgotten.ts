import { sha256 } from '../../core/hash.ts';
import type { Forgetting, ForgottenCatalog } from '../catalog.ts';
import type { Database } from './database.ts';

/** A document's tombstones are joined by the hash of its id: one for the id, one for the uri it was read from. */
export function forgottenCatalog(database: Database): ForgottenCatalog {
  return {
    async begin(document) {
      database.transaction(() => {
        database.run(
          'INSERT OR REPLACE INTO forgetting VALUES (?, ?)',
          document.id,
          JSON.stringify(document),
        );
        const names = [document.id, document.uri];
        if (document.contentHash !== undefined) names.push(`bytes:${document.contentHash}`);
        for (const name of document.allowAgain ? [] : names)
          database.run(
            'INSERT OR IGNORE INTO forgotten VALUES (?, ?, ?)',
            sha256(document.id),
            sha256(name),
            document.at,
          );
      });
    },

    async unfinished() {
      return database
        .all<{ document: string }>('SELECT document FROM forgetting ORDER BY id')
        .map(({ document }) => JSON.parse(document) as Forgetting);
    },

    async finish(id) {
      // Overwritten with zeros (https://sqlite.org/pragma.html#pragma_secure_delete); in the log as soon as no reader uses it.
      database.get('PRAGMA secure_delete = ON');
      database.run('DELETE FROM forgetting WHERE id = ?', id);
      database.get('PRAGMA wal_checkpoint(TRUNCATE)');
    },

    async alsoAt(idOrBytes, uri) {
      // Joined to its document, so that allowing the document again allows this uri too.
      database.run(
        'INSERT OR IGNORE INTO forgotten SELECT document, ?, ? FROM forgotten WHERE hash = ?',
        sha256(uri),
        new Date().toISOString(),
        sha256(idOrBytes),
      );
    },

    async hashes() {
      return new Set(database.all<{ hash: string }>('SELECT hash FROM forgotten').map(({ hash }) => hash));
    },

    async allow(idOrUri) {
      return (
        database.run(
          'DELETE FROM forgotten WHERE document IN (SELECT document FROM forgotten WHERE hash = ?)',
          sha256(idOrUri),
        ) > 0
      );
    },
  };
}
