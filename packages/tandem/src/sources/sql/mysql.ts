import { importDriver } from '../../core/errors/missing-driver-error.ts';
import type { Fields } from '../records/template.ts';
import type { SqlConnection, SqlConnectOptions, SqlDialect } from './sql-connection.ts';

const quote = (name: string) =>
  name
    .split('.')
    .map((part) => `\`${part.replaceAll('`', '``')}\``)
    .join('.');

/** `binary`: quoted columns whose values are bytes and no text in any character set (a UUID in sixteen of them). */
const dialectWith = (binary: ReadonlySet<string>): SqlDialect => ({
  quote,
  placeholder: () => '?',
  asText: (expression) =>
    binary.has(expression) ? `HEX(${expression})` : `CAST(${expression} AS CHAR CHARACTER SET utf8mb4)`,
  isOneOf: (column, texts) => ({
    sql: `${column} IN (${texts.map(() => (binary.has(column) ? 'UNHEX(?)' : '?')).join(', ')})`,
    values: [...texts],
  }),
});

/** The character set that stands for none, and the types that have one (the protocol's column definition). */
const noCharacterSet = 63;
const stringTypes = new Set([249, 250, 251, 252, 253, 254]);

/** A session of MySQL or MariaDB, through `mysql2`, in which no transaction can write. */
export async function connectMysql({ url, timeoutSeconds }: SqlConnectOptions): Promise<SqlConnection> {
  const { default: mysql } = await importDriver(() => import('mysql2'), {
    packageName: 'mysql2',
    what: "A MySQL or MariaDB source (`sources: [{ type: 'sql' }]`)",
    domain: 'sources',
  });
  const raw = mysql.createConnection({
    uri: url.href.replace(/^mariadb:/, 'mysql:'),
    connectTimeout: timeoutSeconds * 1000,
    // Dates and large numbers as the server writes them; JavaScript's would lose digits.
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    charset: 'utf8mb4',
  });
  raw.on('error', () => {});
  const connection = raw.promise();
  await connection.query('SET SESSION TRANSACTION READ ONLY');
  await connection.query("SET SESSION time_zone = '+00:00'");

  let isGone = false;
  const destroy = () => {
    isGone = true;
    connection.destroy();
  };
  const abortable = async <Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> => {
    signal?.throwIfAborted();
    // The driver waits until the server notices that the client is gone, which takes seconds.
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const stop = () => {
      destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([work(), aborted]);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };

  const binary = new Set<string>();
  return {
    dialect: dialectWith(binary),
    async columns(select, signal) {
      const [, fields] = await abortable(() => connection.query(select), signal);
      for (const { name, characterSet, columnType } of fields) {
        if (characterSet === noCharacterSet && stringTypes.has(columnType ?? 0)) binary.add(quote(name));
      }
      return fields.map(({ name }) => name);
    },
    async *stream(select, signal) {
      await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
      signal?.throwIfAborted();
      const stop = destroy;
      signal?.addEventListener('abort', stop, { once: true });
      let isComplete = false;
      try {
        const rows = raw.query(select).stream({ highWaterMark: 500 });
        for await (const row of rows) {
          signal?.throwIfAborted();
          yield row as Fields;
        }
        signal?.throwIfAborted();
        isComplete = true;
      } catch (error) {
        signal?.throwIfAborted();
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
        // Rows that are no longer wanted would still have to be received before the next query.
        if (isComplete) await connection.query('ROLLBACK').catch(() => {});
        else destroy();
      }
    },
    rows: (select, values, signal) =>
      // Bound by the server: a value written into the statement here could end a quote where backslashes are none.
      abortable(
        async () =>
          (values.length > 0
            ? await connection.execute(select, [...values] as string[])
            : await connection.query(select))[0] as Fields[],
        signal,
      ),
    async [Symbol.asyncDispose]() {
      // A destroyed connection cannot be closed in the regular way.
      if (!isGone) await connection.end().catch(() => {});
    },
  };
}
