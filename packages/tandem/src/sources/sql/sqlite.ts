import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as breathe } from 'node:timers/promises';
import { SourceError } from '../../core/errors/source-error.ts';
import type { Fields } from '../records/template.ts';
import type { SqlConnection, SqlDialect } from './sql-connection.ts';

const dialect: SqlDialect = {
  quote: (name) =>
    name
      .split('.')
      .map((part) => `"${part.replaceAll('"', '""')}"`)
      .join('.'),
  placeholder: () => '?',
  asText: (expression) =>
    `CASE typeof(${expression}) WHEN 'blob' THEN 'x''' || hex(${expression}) || '''' ELSE CAST(${expression} AS TEXT) END`,
  // A column may hold any type, and a computed one compares numbers with text as different: each text as all it can be.
  isOneOf: (column, texts) => {
    const values = texts.flatMap((text) => [
      text,
      ...(/^-?(?:0|[1-9]\d{0,17})$/.test(text) ? [BigInt(text)] : []),
      ...(/^-?\d+\.\d+(?:e[+-]?\d+)?$/i.test(text) ? [Number(text)] : []),
      ...(/^x'(?:[\dA-F]{2})*'$/.test(text) ? [Buffer.from(text.slice(2, -1), 'hex')] : []),
    ]);
    return { sql: `${column} IN (${values.map(() => '?').join(', ')})`, values };
  },
};

/** A database file, opened for reading only. `file` is absolute. */
export function openSqlite(file: string, uri: string): SqlConnection {
  if (!existsSync(file)) {
    throw new SourceError({
      uri,
      message: `The database ${uri} is not there.`,
      hint: 'Its path is taken from the project folder.',
    });
  }
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  return {
    dialect,
    async columns(select, signal) {
      signal?.throwIfAborted();
      return database
        .prepare(select)
        .columns()
        .map(({ name }) => name);
    },
    async *stream(select, signal) {
      const statement = database.prepare(select);
      statement.setReadBigInts(true);
      let count = 0;
      // One statement reads one state of the database.
      for (const row of statement.iterate()) {
        // Reading never yields by itself, so everything else would have to wait.
        if (count++ % 500 === 0) await breathe();
        signal?.throwIfAborted();
        yield row as Fields;
      }
    },
    async rows(select, values, signal) {
      signal?.throwIfAborted();
      const statement = database.prepare(select);
      statement.setReadBigInts(true);
      return statement.all(...(values as (string | bigint | number | Buffer)[])) as Fields[];
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}
