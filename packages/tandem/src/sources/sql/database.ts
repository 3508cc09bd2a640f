import path from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import type { SourceConfigOf } from '../../core/source-config.ts';
import { decodedPart, passwordInConfig } from '../connection-string.ts';
import { fromEnvironment } from '../environment.ts';
import { textOf } from '../records/template.ts';
import type { SqlConnection } from './sql-connection.ts';

/** Where a database is. */
export interface SqlDatabaseOptions
  extends Pick<SourceConfigOf<'sql'>, 'url' | 'password' | 'timeoutSeconds'> {
  /** SQLite's path is taken from here. */
  baseDirectory: string;
  environment?: NodeJS.ProcessEnv;
}

/** A database that is read and never written. */
export interface SqlDatabase {
  place: Place;
  connect(): Promise<SqlConnection>;
  /** Work of which a driver's error becomes one sentence; it never holds a password. */
  explained<Result>(what: string, work: () => Promise<Result>, signal?: AbortSignal): Promise<Result>;
}

/**
 * A database by its address; nothing is opened yet.
 * @param where the config key, for messages
 */
export function sqlDatabase(options: SqlDatabaseOptions, where: string): SqlDatabase {
  const { timeoutSeconds } = options;
  const place = placeOf(options, where);

  async function connect(): Promise<SqlConnection> {
    return explained('cannot be reached', async () => {
      switch (place.kind) {
        case 'postgres':
          return (await import('./postgres.ts')).connectPostgres({ url: place.url, timeoutSeconds });
        case 'mysql':
          return (await import('./mysql.ts')).connectMysql({ url: place.url, timeoutSeconds });
        case 'sqlite':
          return (await import('./sqlite.ts')).openSqlite(place.file, place.shown);
      }
    });
  }

  async function explained<Result>(
    what: string,
    work: () => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      signal?.throwIfAborted();
      if (TandemError.isInstance(cause)) throw cause;
      throw new SourceError({
        uri: place.shown,
        message: `The database ${place.shown} ${what}: ${place.redacted(reasonOf(cause))}.`,
        hint:
          what === 'cannot be reached'
            ? 'Check the address, the user and the password, and that the server is up.'
            : `Try the query by itself; it is that of \`${where}\`.`,
      });
    }
  }

  return { place, connect, explained };
}

type Place = {
  /** The address without user and password. */
  shown: string;
  redacted(text: string): string;
} & ({ kind: 'postgres' | 'mysql'; url: URL } | { kind: 'sqlite'; file: string });

function placeOf(options: SqlDatabaseOptions, where: string): Place {
  const { environment } = options;
  const text =
    typeof options.url === 'string' ? options.url : fromEnvironment(options.url, `${where}.url`, environment);
  const sqlite = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(text)?.[1];
  if (sqlite !== undefined) {
    const file = path.resolve(options.baseDirectory, sqlite);
    const shown = `sqlite:${path.relative(options.baseDirectory, file).split(path.sep).join('/')}`;
    return { kind: 'sqlite', file, shown, redacted: (message) => message };
  }
  const url = URL.parse(text);
  const kind = /^postgres(?:ql)?:$/.test(url?.protocol ?? '')
    ? 'postgres'
    : /^(?:mysql|mariadb):$/.test(url?.protocol ?? '')
      ? 'mysql'
      : undefined;
  if (url === null || kind === undefined) {
    throw new InvalidInputError({
      domain: 'sources',
      where: `${where}.url`,
      // What cannot be read may have a password in it.
      message: `\`${where}.url\` is not the address of a database.`,
      hint: 'Write postgres://user@host/database, mysql://…, mariadb://… or sqlite:path/to/file.db.',
    });
  }
  if (typeof options.url === 'string' && url.password !== '') throw passwordInConfig(where);
  for (const part of [url.username, url.pathname]) decodedPart(part, where);
  if (options.password) {
    url.password = encodeURIComponent(fromEnvironment(options.password, `${where}.password`, environment));
  }
  const scheme = kind === 'postgres' ? 'postgres' : url.protocol.slice(0, -1);
  const shown = `${scheme}://${url.host}${url.pathname}`;
  const secret = decodedPart(url.password, where);
  return {
    kind,
    url,
    shown,
    redacted: (message) => (secret === '' ? message : message.replaceAll(secret, '***')),
  };
}

function reasonOf(cause: unknown): string {
  // Node gives one error for each address that it tried.
  const error = (cause instanceof AggregateError ? cause.errors[0] : cause) as NodeJS.ErrnoException;
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nothing answers there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be looked up';
    case 'ETIMEDOUT':
      return 'it took too long';
    default:
      return textOf(error.message ?? String(cause)).replace(/\.$/, '');
  }
}
