import { SourceError } from '../../core/errors/source-error.ts';
import type { LiveFact } from '../../core/settings.ts';
import { untilAborted } from '../../core/until-aborted.ts';
import { sqlDatabase } from '../../sources/sql/database.ts';
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
      const ended = within(fact);
      if (!('url' in fact)) {
        const things = await own(fact, 'things', () => fact.things({ signal: ended }), ended);
        if (!Array.isArray(things)) throw wrongResult(fact, 'things', 'a list of names');
        return things.map(String);
      }
      const rows = await read(fact, { baseDirectory, ended }, (connection) =>
        connection.rows(fact.things, [], ended),
      );
      return rows.slice(0, mostThings).flatMap((row) => {
        const [value] = Object.values(row);
        return value === null || value === undefined ? [] : [String(value)];
      });
    },
    async rowOf(fact, thing) {
      const ended = within(fact);
      if (!('url' in fact)) {
        const row = await own(fact, 'look', () => fact.look(thing, { signal: ended }), ended);
        if (row === undefined || row === null) return undefined;
        if (typeof row !== 'object' || Array.isArray(row))
          throw wrongResult(fact, 'look', 'an object of columns');
        return row;
      }
      const rows = await read(fact, { baseDirectory, ended }, (connection) => {
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

/** Work of the project's own, of which an error becomes one sentence. */
function own<Result>(
  fact: LiveFact,
  name: string,
  work: () => Promise<Result>,
  ended: AbortSignal,
): Promise<Result> {
  return inTime(
    fact,
    async () => {
      try {
        return await work();
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const message = `${name} of the live fact ${fact.name} failed: ${reason.replace(/\.$/, '')}.`;
        throw ownFailed(fact, message, cause);
      }
    },
    ended,
  );
}

const wrongResult = (fact: LiveFact, name: string, wanted: string) =>
  ownFailed(fact, `${name} of the live fact ${fact.name} gave something else than ${wanted}.`);

const ownFailed = ({ name }: LiveFact, message: string, cause?: unknown) =>
  new SourceError({
    uri: `live:${name}`,
    message,
    hint: 'It is a function of the project: answer.live.',
    cause,
  });

const tooLate = ({ name, timeoutSeconds }: LiveFact) =>
  new SourceError({
    uri: `live:${name}`,
    message: `Reading ${name} did not end within ${timeoutSeconds} seconds.`,
    hint: 'Give it a longer timeoutSeconds, or look at what it reads.',
  });

type LiveQuery = Extract<LiveFact, { url: unknown }>;

async function read<Result>(
  fact: LiveQuery,
  { baseDirectory, ended }: { baseDirectory: string; ended: AbortSignal },
  work: (connection: SqlConnection) => Promise<Result>,
): Promise<Result> {
  const database = sqlDatabase({ ...fact, baseDirectory }, `answer.live: ${fact.name}`);
  await using connection = await database.connect();
  // Awaited here: the connection closes behind the result, not below it.
  return await inTime(fact, () => database.explained('cannot be read', () => work(connection)), ended);
}

/** What does not end in its time is left, and said. */
async function inTime<Result>(
  fact: LiveFact,
  work: () => Promise<Result>,
  ended: AbortSignal,
): Promise<Result> {
  try {
    return await untilAborted(work, ended);
  } catch (error) {
    throw ended.reason?.name === 'TimeoutError' ? tooLate(fact) : error;
  }
}
