import { randomUUID } from 'node:crypto';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { SourceError } from '../../core/errors/source-error.ts';
import { hashJson } from '../../core/hash.ts';
import type { SourceConfigOf } from '../../core/source-config.ts';
import { HeldBodies } from '../held-bodies.ts';
import { accessLabel } from '../records/access-label.ts';
import { markOfBytes, recordDocument } from '../records/record-document.ts';
import type { Fields } from '../records/template.ts';
import type { ListOptions, Source, SourceEntry } from '../source.ts';
import { sqlDatabase } from './database.ts';
import type { SqlConnection } from './sql-connection.ts';

export interface SqlSourceOptions extends Omit<SourceConfigOf<'sql'>, 'type'> {
  /** SQLite's path is taken from here. */
  baseDirectory: string;
  /** For messages: the config key. */
  where?: string;
  environment?: NodeJS.ProcessEnv;
}

/** Rows loaded together are one query. */
const loadTogether = 200;
const keyAlias = (index: number) => `tandem_key_${index}`;
const markAlias = 'tandem_mark';
const accessAlias = 'tandem_access';

/**
 * Rows of a table or query, each a Markdown document. With an updated-at column a listing reads keys and times only; without
 * one it reads all rows and marks each with the hash of its document. Nothing is ever written: sessions are read-only.
 */
export function sqlSource(options: SqlSourceOptions): Source & AsyncDisposable {
  const { where = 'sources', updatedAt, accessColumn } = options;
  const keys = [options.key].flat();
  const { place, connect, explained } = sqlDatabase(options, where);
  /** Begins every document's uri: no user, no password. */
  const baseUri = `${place.shown}/${options.name ?? options.table ?? 'query'}`;
  const documents = recordDocument({
    ...options,
    where,
    // Of the columns that only serve the source, the key may mean something to a reader; the others do not.
    omit: [updatedAt, accessColumn].filter((name) => name !== undefined),
  });
  // A document written with other settings is a changed one.
  const form = hashJson([options.template, options.title, options.metadata]).slice(0, 8);
  const uriOf = (texts: readonly string[]) => `${baseUri}/${texts.map(encodeURIComponent).join(',')}`;
  const keysOf = (uri: string) =>
    uri
      .slice(baseUri.length + 1)
      .split(',')
      .map(decodeURIComponent);

  let held: HeldBodies | undefined;
  let loader: Promise<SqlConnection> | undefined;

  const from = ({ dialect }: SqlConnection) =>
    // The line's end, because a query may end with a remark.
    `${options.table === undefined ? `(${options.query!.trim().replace(/;\s*$/, '')}\n)` : dialect.quote(options.table)} AS tandem_rows`;
  const columnsOf = (connection: SqlConnection, signal?: AbortSignal) =>
    explained(
      'cannot be read',
      () => connection.columns(`SELECT * FROM ${from(connection)} WHERE 1 = 0`, signal),
      signal,
    );

  async function checkColumns(connection: SqlConnection, signal?: AbortSignal): Promise<void> {
    const columns = await columnsOf(connection, signal);
    for (const [name, column] of [
      ...keys.map((key) => ['key', key] as const),
      ['updatedAt', updatedAt] as const,
      ['accessColumn', accessColumn] as const,
    ]) {
      if (column === undefined || columns.includes(column)) continue;
      throw new InvalidInputError({
        domain: 'sources',
        where: `${where}.${name}`,
        message: `\`${where}.${name}\` names the column ${column}, which is not there.`,
        hint: `There are: ${columns.join(', ')}.`,
      });
    }
    documents.checkNames(columns);
  }

  async function* list({ signal, onProblem, known }: ListOptions = {}): AsyncIterable<SourceEntry> {
    await using connection = await connect();
    await checkColumns(connection, signal);
    const { quote, asText } = connection.dialect;
    const select = [
      ...(updatedAt === undefined ? ['tandem_rows.*'] : [`${asText(quote(updatedAt))} AS ${markAlias}`]),
      ...keys.map((key, i) => `${asText(quote(key))} AS ${keyAlias(i)}`),
      ...(accessColumn === undefined ? [] : [`${asText(quote(accessColumn))} AS ${accessAlias}`]),
    ];
    const order = keys.map(quote).join(', ');
    held?.clear();
    let last: string | undefined;
    const rows = connection.stream(
      `SELECT ${select.join(', ')} FROM ${from(connection)} ORDER BY ${order}`,
      signal,
    );
    for await (const row of explainedRows(rows, signal)) {
      const texts = keys.map((_, i) => row[keyAlias(i)]);
      const missing = texts.findIndex((text) => text === null || text === undefined);
      if (missing >= 0) {
        onProblem?.({
          uri: `${baseUri}/`,
          kind: 'failed',
          message: `A row has nothing in the key column ${keys[missing]}.`,
        });
        continue;
      }
      const uri = uriOf(texts.map(String));
      if (uri === last) {
        onProblem?.({
          uri,
          kind: 'failed',
          message: `More than one row has this key: ${keys.join(', ')} does not name a row. Only the first was read.`,
        });
        continue;
      }
      last = uri;
      const label = accessLabel(row[accessAlias], { field: accessColumn, access: options.access });
      if ('problem' in label) {
        onProblem?.({ uri, kind: 'failed', message: label.problem });
        continue;
      }
      const { access } = label;
      let changeMark: string;
      if (updatedAt === undefined) {
        const bytes = documents.render(withoutAliases(row));
        changeMark = markOfBytes(bytes);
        if ((await known?.(uri)) !== changeMark)
          (held ??= new HeldBodies(undefined)).put(uri, changeMark, { bytes });
      } else {
        // A row without a time may have changed at any.
        changeMark = row[markAlias] === null ? `unknown:${randomUUID()}` : `at:${row[markAlias]} ${form}`;
      }
      yield { uri, changeMark, mediaType: 'text/markdown', ...(access !== undefined && { access }) };
    }
  }

  async function* explainedRows(rows: AsyncIterable<Fields>, signal?: AbortSignal): AsyncIterable<Fields> {
    const iterator = rows[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await explained('cannot be read', () => iterator.next(), signal);
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }

  /** Rows wanted at about the same time are asked for together. */
  let waiting = new Map<string, PromiseWithResolvers<Uint8Array>>();
  function loadRow(uri: string): Promise<Uint8Array> {
    const already = waiting.get(uri);
    if (already) return already.promise;
    if (waiting.size === 0) setImmediate(() => void loadWaiting());
    const row = Promise.withResolvers<Uint8Array>();
    waiting.set(uri, row);
    return row.promise;
  }

  async function loadWaiting(): Promise<void> {
    const wanted = [...waiting];
    waiting = new Map();
    for (let start = 0; start < wanted.length; start += loadTogether) {
      const some = new Map(wanted.slice(start, start + loadTogether));
      try {
        for (const row of await selectRows([...some.keys()].map(keysOf))) {
          const uri = uriOf(keys.map((_, i) => String(row[keyAlias(i)])));
          some.get(uri)?.resolve(documents.render(withoutAliases(row)));
          some.delete(uri);
        }
        for (const [uri, { reject }] of some) {
          reject(
            new SourceError({
              uri,
              message: `${uri} is not there any more.`,
              hint: 'Run the same command again: the next listing leaves it out.',
            }),
          );
        }
      } catch (error) {
        // The next one begins with a new connection.
        const broken = loader;
        loader = undefined;
        void broken?.then((each) => each[Symbol.asyncDispose]()).catch(() => {});
        for (const { reject } of some.values()) reject(error);
      }
    }
  }

  async function selectRows(wanted: string[][]): Promise<Fields[]> {
    loader ??= connect().then(async (connection) => {
      await columnsOf(connection);
      return connection;
    });
    const connection = await loader;
    const { quote, asText, isOneOf } = connection.dialect;
    const values: unknown[] = [];
    const oneOf = (key: string, texts: string[]) => {
      const condition = isOneOf(quote(key), texts, values.length + 1);
      values.push(...condition.values);
      return condition.sql;
    };
    const condition =
      keys.length === 1
        ? oneOf(
            keys[0]!,
            wanted.map(([text]) => text!),
          )
        : wanted
            .map((texts) => `(${keys.map((key, i) => oneOf(key, [texts[i]!])).join(' AND ')})`)
            .join(' OR ');
    const texts = keys.map((key, i) => `${asText(quote(key))} AS ${keyAlias(i)}`);
    return explained('cannot be read', () =>
      connection.rows(
        `SELECT tandem_rows.*, ${texts.join(', ')} FROM ${from(connection)} WHERE ${condition}`,
        values,
      ),
    );
  }

  return {
    id: `sql:${baseUri}`,
    list,
    async load({ uri, changeMark }, { signal } = {}) {
      signal?.throwIfAborted();
      const body = held?.take(uri, changeMark);
      const bytes = body?.bytes ?? (await loadRow(uri));
      signal?.throwIfAborted();
      return { bytes, mediaType: 'text/markdown' };
    },
    async [Symbol.asyncDispose]() {
      held?.[Symbol.dispose]();
      held = undefined;
      const connection = await loader?.catch(() => undefined);
      loader = undefined;
      await connection?.[Symbol.asyncDispose]();
    },
  };
}

function withoutAliases(row: Fields): Fields {
  return Object.fromEntries(
    Object.entries(row).filter(([name]) => !/^tandem_(?:key_\d+|mark|access)$/.test(name)),
  );
}
