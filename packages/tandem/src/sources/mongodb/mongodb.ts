import { randomUUID } from 'node:crypto';
import type { Collection, Document, MongoClient } from 'mongodb';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { importDriver } from '../../core/errors/missing-driver-error.ts';
import { SourceError } from '../../core/errors/source-error.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { hashJson } from '../../core/hash.ts';
import type { SourceConfigOf } from '../../core/source-config.ts';
import { decodedPart, passwordInConfig } from '../connection-string.ts';
import { fromEnvironment } from '../environment.ts';
import { HeldBodies } from '../held-bodies.ts';
import { accessLabel } from '../records/access-label.ts';
import { fieldPath } from '../records/field-path.ts';
import { markOfBytes, recordDocument } from '../records/record-document.ts';
import { type Fields, textOf } from '../records/template.ts';
import type { ListOptions, Source, SourceEntry } from '../source.ts';
import { keysWithText, keyText } from './key-text.ts';

export interface MongodbSourceOptions extends Omit<SourceConfigOf<'mongodb'>, 'type'> {
  /** For messages: the config key. */
  where?: string;
  environment?: NodeJS.ProcessEnv;
}

const batchSize = 500;

/**
 * Documents of a MongoDB collection, each a Markdown document. With an updated-at field a listing reads keys and times only;
 * without one it reads every document and marks it with the hash of what it becomes. Only find is ever sent.
 */
export function mongodbSource(options: MongodbSourceOptions): Source & AsyncDisposable {
  const { where = 'sources', key, filter, projection, timeoutSeconds } = options;
  const place = placeOf(options, where);
  const updatedAt =
    options.updatedAt === undefined ? undefined : fieldPath(options.updatedAt, `${where}.updatedAt`);
  const accessField =
    options.accessField === undefined ? undefined : fieldPath(options.accessField, `${where}.accessField`);
  const keyPath = fieldPath(key, `${where}.key`);
  const documents = recordDocument({
    ...options,
    where,
    omit: ['_id', options.updatedAt, options.accessField].filter((name) => name !== undefined),
  });
  // A document written with other settings is a changed one.
  const form = hashJson([options.template, options.title, options.metadata, projection]).slice(0, 8);
  let held: HeldBodies | undefined;
  let opened: Promise<MongoClient> | undefined;

  async function collection(): Promise<Collection<Document>> {
    opened ??= connect();
    const client = await opened.catch((error) => {
      opened = undefined;
      throw error;
    });
    return client.db(place.database).collection(options.collection);
  }

  async function connect(): Promise<MongoClient> {
    const { MongoClient } = await importDriver(() => import('mongodb'), {
      packageName: 'mongodb',
      what: "A MongoDB source (`sources: [{ type: 'mongodb' }]`)",
      domain: 'sources',
    });
    return explained('cannot be reached', async () => {
      const client = new MongoClient(place.url, {
        appName: 'tandem',
        serverSelectionTimeoutMS: timeoutSeconds * 1000,
        connectTimeoutMS: timeoutSeconds * 1000,
        maxPoolSize: 4,
      });
      try {
        return await client.connect();
      } catch (error) {
        await client.close().catch(() => {});
        throw error;
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
      const known = tandemErrorIn(cause);
      if (known) throw known;
      throw new SourceError({
        uri: place.shown,
        message: `The database ${place.shown} ${what}: ${place.redacted((cause as Error).message).replace(/\.$/, '')}.`,
        hint:
          what === 'cannot be reached'
            ? 'Check the address, the user and the password, and that the server is up.'
            : `Look at the filter and the projection of \`${where}\`.`,
      });
    }
  }

  async function* list({ signal, onProblem, known }: ListOptions = {}): AsyncIterable<SourceEntry> {
    const from = await collection();
    // By the first name of a path: some servers that speak the protocol do not know longer ones here.
    const needed = [key, options.updatedAt, options.accessField].flatMap(
      (each) => each?.split(/[.[]/)[0] ?? [],
    );
    const wanted =
      updatedAt === undefined ? projection : Object.fromEntries(needed.map((name) => [name, 1] as const));
    await using cursor = from.find(filter, {
      batchSize,
      sort: { [key]: 1 },
      ...(wanted && { projection: wanted }),
      ...(signal && { signal }),
    });
    held?.clear();
    let last: string | undefined;
    for (;;) {
      const document = await explained('cannot be read', () => cursor.next(), signal);
      if (document === null) return;
      const value = keyPath.one(document);
      if (value === undefined || value === null) {
        onProblem?.({
          uri: `${place.uri}/`,
          kind: 'failed',
          message: `A document has nothing at its key, ${key}.`,
        });
        continue;
      }
      const uri = `${place.uri}/${encodeURIComponent(keyText(value))}`;
      if (uri === last) {
        onProblem?.({
          uri,
          kind: 'failed',
          message: `More than one document has this key: ${key}. Only the first was read.`,
        });
        continue;
      }
      last = uri;
      const label = accessLabel(accessField?.one(document), {
        field: options.accessField,
        access: options.access,
      });
      if ('problem' in label) {
        onProblem?.({ uri, kind: 'failed', message: label.problem });
        continue;
      }
      const { access } = label;
      let changeMark: string;
      if (updatedAt === undefined) {
        const bytes = documents.render(document as Fields);
        changeMark = markOfBytes(bytes);
        if ((await known?.(uri)) !== changeMark)
          (held ??= new HeldBodies(undefined)).put(uri, changeMark, { bytes });
      } else {
        const time = updatedAt.one(document);
        // A document without a time may have changed at any.
        changeMark =
          time === undefined || time === null ? `unknown:${randomUUID()}` : `at:${textOf(time)} ${form}`;
      }
      yield { uri, changeMark, mediaType: 'text/markdown', ...(access !== undefined && { access }) };
    }
  }

  async function read(uri: string, signal?: AbortSignal): Promise<Uint8Array> {
    const text = decodeURIComponent(uri.slice(place.uri.length + 1));
    const from = await collection();
    const keys = keysWithText(text, await import('mongodb'));
    const document = await explained(
      'cannot be read',
      () =>
        from.findOne(
          { $and: [filter, { [key]: { $in: keys } }] },
          { ...(projection && { projection }), ...(signal && { signal }) },
        ),
      signal,
    );
    if (document) return documents.render(document as Fields);
    throw new SourceError({
      uri,
      message: `${uri} is not there any more.`,
      hint: 'Run the same command again: the next listing leaves it out.',
    });
  }

  return {
    id: `mongodb:${place.uri}`,
    list,
    async load({ uri, changeMark }, { signal } = {}) {
      signal?.throwIfAborted();
      const body = held?.take(uri, changeMark);
      return { bytes: body?.bytes ?? (await read(uri, signal)), mediaType: 'text/markdown' };
    },
    async [Symbol.asyncDispose]() {
      held?.[Symbol.dispose]();
      held = undefined;
      const client = await opened?.catch(() => undefined);
      opened = undefined;
      await client?.close();
    },
  };
}

/** Ours, wherever the driver has wrapped it: the network policy stops a connection inside it. */
function tandemErrorIn(error: unknown): TandemError | undefined {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; depth++) {
    if (TandemError.isInstance(each)) return each;
    const servers = (each as { reason?: { servers?: Map<string, { error?: unknown }> } }).reason?.servers;
    each = each.cause ?? [...(servers?.values() ?? [])].find(({ error }) => error)?.error;
  }
  return undefined;
}

interface Place {
  /** For the driver: with its password. */
  url: string;
  /** For messages: no user, no password. */
  shown: string;
  /** Begins every document's uri. */
  uri: string;
  database: string;
  redacted(text: string): string;
}

/** A connection string may name several hosts, which no URL may: it is taken apart by hand. */
function placeOf(options: MongodbSourceOptions, where: string): Place {
  const { environment } = options;
  const text =
    typeof options.url === 'string' ? options.url : fromEnvironment(options.url, `${where}.url`, environment);
  const match = /^(mongodb(?:\+srv)?):\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(\?.*)?$/.exec(text);
  const invalid = (message: string, hint: string, at = 'url') =>
    new InvalidInputError({ domain: 'sources', where: `${where}.${at}`, message, hint });
  if (!match) {
    throw invalid(
      `\`${where}.url\` is not the address of a MongoDB server.`,
      'Write mongodb://user@host/database or mongodb+srv://….',
    );
  }
  const [, scheme, login = '', hosts, path = '', query = ''] = match;
  const [user = '', given] = login.split(':');
  if (typeof options.url === 'string' && given !== undefined) throw passwordInConfig(where);
  decodedPart(user, where);
  const secret = options.password
    ? fromEnvironment(options.password, `${where}.password`, environment)
    : decodedPart(given ?? '', where);
  const database = options.database ?? decodedPart(path, where);
  if (database === '') {
    throw invalid(
      `\`${where}\` does not say which database to read.`,
      'Name it in the url (mongodb://host/database) or as `database`.',
      'database',
    );
  }
  const at = user === '' ? '' : `${user}${secret === '' ? '' : `:${encodeURIComponent(secret)}`}@`;
  const shown = `${scheme}://${hosts}/${database}`;
  return {
    url: `${scheme}://${at}${hosts}/${path}${query}`,
    shown,
    uri: `${shown}/${options.name ?? options.collection}`,
    database,
    redacted: (message) =>
      secret === ''
        ? message
        : message.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***'),
  };
}
