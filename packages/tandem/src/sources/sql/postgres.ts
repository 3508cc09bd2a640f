import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { Fields } from '../records/template.ts';
import type { SqlConnection, SqlConnectOptions, SqlDialect } from './sql-connection.ts';

const dialect: SqlDialect = {
  quote: (name) =>
    name
      .split('.')
      .map((part) => `"${part.replaceAll('"', '""')}"`)
      .join('.'),
  placeholder: (number) => `$${number}`,
  asText: (expression) => `CAST(${expression} AS text)`,
  // A parameter without a type takes the column's: every type reads what it writes.
  isOneOf: (column, texts, from) => ({
    sql: `${column} IN (${texts.map((_, i) => `$${from + i}`).join(', ')})`,
    values: [...texts],
  }),
};

/** Dates and times are left as PostgreSQL writes them: JavaScript's have no microseconds, and read some in local time. */
const asWritten = new Set([1082, 1083, 1114, 1184, 1186, 1266]);
const fetchSize = 500;

/** A session of PostgreSQL, through `pg`, in which no transaction can write. */
export async function connectPostgres({ url, timeoutSeconds }: SqlConnectOptions): Promise<SqlConnection> {
  const { default: pg } = await importDriver(() => import('pg'), {
    packageName: 'pg',
    what: "A PostgreSQL source (`sources: [{ type: 'sql' }]`)",
    domain: 'sources',
  });
  const client = new pg.Client({
    connectionString: url.href,
    application_name: 'tandem',
    types: {
      getTypeParser: ((id: number, format?: 'text') =>
        asWritten.has(id) ? (text: string) => text : pg.types.getTypeParser(id, format)) as never,
    },
  });
  // A connection that breaks between queries is reported by the next query.
  client.on('error', () => {});
  // Not the driver's own timer, which keeps running where connecting throws.
  const timer = setTimeout(
    () => streamOf(client).destroy(new Error(`no answer within ${timeoutSeconds} s`)),
    timeoutSeconds * 1000,
  );
  try {
    await client.connect();
  } finally {
    clearTimeout(timer);
  }
  await client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET TimeZone = 'UTC'");

  /** Ends the session's work, whatever it is at: a query that computes for minutes would not hear otherwise. */
  const abortable = async <Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
    signal?.throwIfAborted();
    const stop = () => streamOf(client).destroy();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };

  return {
    dialect,
    async columns(select, signal) {
      const { fields } = await abortable(() => client.query(select), signal);
      return fields.map(({ name }) => name);
    },
    async *stream(select, signal) {
      await abortable(async () => {
        await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
        await client.query(`DECLARE tandem_rows NO SCROLL CURSOR FOR ${select}`);
      }, signal);
      try {
        for (;;) {
          const { rows } = await abortable(
            () => client.query<Fields>(`FETCH ${fetchSize} FROM tandem_rows`),
            signal,
          );
          yield* rows;
          if (rows.length < fetchSize) return;
        }
      } finally {
        // Where it fails the connection is gone, and the transaction with it.
        await client.query('ROLLBACK').catch(() => {});
      }
    },
    rows: (select, values, signal) =>
      abortable(async () => (await client.query<Fields>(select, [...values])).rows, signal),
    [Symbol.asyncDispose]: () => client.end().catch(() => {}),
  };
}

/** The socket, which `pg` has no public name for. */
function streamOf(client: unknown): { destroy(error?: Error): void } {
  return (client as { connection: { stream: { destroy(error?: Error): void } } }).connection.stream;
}
