import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { LiveFact } from '../../core/settings.ts';
import { type SqlDatabase, sqlDatabase } from '../../sources/sql/database.ts';
import type { SqlConnection } from '../../sources/sql/sql-connection.ts';

/** More names are no list of things to ask about. */
const mostThings = 50_000;

/** Reads facts where they stand. Databases are opened for reading only, by their own means, for one question each. */
export interface FactReader {
  thingsOf(fact: LiveFact): Promise<readonly string[]>;
  /** The fact's row for a thing; undefined where there is none. */
  rowOf(fact: LiveFact, thing: string): Promise<Record<string, unknown> | undefined>;
}

export function factReader({
  baseDirectory,
  signal,
}: {
  /** SQLite's paths are taken from here. */
  baseDirectory: string;
  signal: AbortSignal;
}): FactReader {
  const within = ({ timeoutSeconds }: LiveFact) =>
    AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]);
  return {
    async thingsOf(fact) {
      if (!('url' in fact)) return timed(fact, fact.things({ signal: within(fact) }), within(fact));
      const rows = await read(fact, baseDirectory, within(fact), (connection, ended) =>
        connection.rows(fact.things, [], ended),
      );
      return rows.slice(0, mostThings).flatMap((row) => {
        const [value] = Object.values(row);
        return value === null || value === undefined ? [] : [String(value)];
      });
    },
    async rowOf(fact, thing) {
      if (!('url' in fact)) return timed(fact, fact.look(thing, { signal: within(fact) }), within(fact));
      const rows = await read(fact, baseDirectory, within(fact), (connection, ended) => {
        const values: string[] = [];
        // A cast (`::thing`) is none.
        const sql = fact.query.replace(/(?<![:\w]):thing\b/g, () => {
          values.push(thing);
          return connection.dialect.placeholder(values.length);
        });
        return connection.rows(sql, values, ended);
      });
      return rows[0];
    },
  };
}

type LiveQuery = Extract<LiveFact, { url: unknown }>;

async function read<Result>(
  fact: LiveQuery,
  baseDirectory: string,
  ended: AbortSignal,
  work: (connection: SqlConnection, ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const database: SqlDatabase = sqlDatabase({ ...fact, baseDirectory }, `answer.live: ${fact.name}`);
  await using connection = await database.connect();
  return database.explained('cannot be read', () => timed(fact, work(connection, ended), ended), ended);
}

/** What does not end in its time is left, and said. */
async function timed<Result>(fact: LiveFact, work: Promise<Result>, ended: AbortSignal): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const stop = () =>
    late.reject(
      ended.reason?.name === 'TimeoutError'
        ? new InvalidInputError({
            domain: 'answer',
            where: `answer.live: ${fact.name}`,
            message: `Reading ${fact.name} did not end within ${fact.timeoutSeconds} seconds.`,
            hint: 'Give it a longer timeoutSeconds, or look at what it reads.',
          })
        : ended.reason,
    );
  if (ended.aborted) stop();
  ended.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    ended.removeEventListener('abort', stop);
    late.promise.catch(() => {});
  }
}
