import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TandemError } from '../../core/errors/tandem-error.ts';
import { type SourceConfigInput, sourceSchema } from '../../core/source-config.ts';
import { enforceNetworkPolicy } from '../../models/network-policy.ts';
import { Listener } from '../listener.fixture.ts';
import { openSource } from '../open-source.ts';
import type { Source } from '../source.ts';
import { type DatabaseServer, startMariadb, startPostgres } from './database-servers.fixture.ts';

type Sql = Extract<SourceConfigInput, { type: 'sql' }>;

interface Flavour {
  name: string;
  start: () => Promise<DatabaseServer>;
  /** Runs statements as somebody who may write. */
  connect: (
    server: DatabaseServer,
  ) => Promise<{ run: (sql: string) => Promise<unknown>; end: () => Promise<unknown> }>;
  /** How the dialect says it. */
  text: string;
  timestamp: string;
  now: string;
  uuid: string;
  uuidKey: string;
  sleep: string;
  database: string;
}

const withPassword = (server: DatabaseServer) => {
  const url = new URL(server.url.replace(/^mariadb:/, 'mysql:'));
  url.password = encodeURIComponent(server.password);
  return url.href;
};

const flavours: Flavour[] = [
  {
    name: 'PostgreSQL',
    start: startPostgres,
    async connect(server) {
      const client = new pg.Client(withPassword(server));
      await client.connect();
      return { run: (sql) => client.query(sql), end: () => client.end() };
    },
    text: 'text',
    timestamp: 'timestamptz(6)',
    now: 'clock_timestamp()',
    uuid: 'uuid',
    uuidKey: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
    sleep: 'SELECT 1 AS id, pg_sleep(20)::text AS body',
    database: 'postgres',
  },
  {
    name: 'MariaDB',
    start: startMariadb,
    async connect(server) {
      const connection = await mysql.createConnection({
        uri: withPassword(server),
        multipleStatements: true,
      });
      return { run: (sql) => connection.query(sql), end: () => connection.end() };
    },
    text: 'longtext',
    timestamp: 'timestamp(6)',
    now: 'CURRENT_TIMESTAMP(6)',
    uuid: 'binary(16)',
    uuidKey: '6F9619FF8B86D011B42D00C04FC964FF',
    sleep: 'SELECT 1 AS id, SLEEP(20) AS body',
    database: 'app',
  },
];

describe.each(flavours)('$name', (flavour) => {
  let server: DatabaseServer;
  let writer: Awaited<ReturnType<Flavour['connect']>>;
  const sources: Source[] = [];
  beforeAll(async () => {
    server = await flavour.start();
    writer = await flavour.connect(server);
    await writer.run(
      `CREATE TABLE articles (id bigint PRIMARY KEY, title varchar(200), body ${flavour.text}, label varchar(20), changed ${flavour.timestamp} NULL)`,
    );
    await writer.run(
      `INSERT INTO articles VALUES (9007199254740993, 'Gout', 'Sudden pain — ouch 🦶', NULL, ${flavour.now})`,
    );
    await writer.run(
      `INSERT INTO articles VALUES (2, 'Scurvy', 'Lack of vitamin C.', 'staff', ${flavour.now})`,
    );
  });
  afterAll(async () => {
    for (const source of sources) await source[Symbol.asyncDispose]?.();
    await writer?.end();
    await server?.[Symbol.asyncDispose]();
  });

  async function open(
    options: Partial<Sql> = {},
    environment: Record<string, string> = { PW: server.password },
  ) {
    const entry = { type: 'sql' as const, url: server.url, password: { env: 'PW' }, key: 'id', ...options };
    const config = sourceSchema.parse(options.query === undefined ? { table: 'articles', ...entry } : entry);
    const source = await openSource(config, { baseDirectory: '/', where: 'sources.0', environment });
    sources.push(source);
    return source;
  }
  const base = () => server.url.replace('app@', '');
  const failure = async (work: () => Promise<unknown>) => {
    const error = await work().then(
      () => new Error('nothing failed'),
      (reason: TandemError) => reason,
    );
    return `${error.message} ${(error as TandemError).hint ?? ''}`;
  };

  for (const updatedAt of [undefined, 'changed']) {
    test(`keeps in line with a table (${updatedAt ?? 'no change mark'})`, async () => {
      const listener = new Listener(
        await open({
          ...(updatedAt && { updatedAt }),
          title: '{{title}}',
          template: '{{body}}',
          accessColumn: 'label',
          access: 'members',
        }),
      );
      const gout = `${base()}/articles/9007199254740993`;
      const scurvy = `${base()}/articles/2`;
      expect((await listener.sync()).added).toEqual([scurvy, gout]);
      expect(listener.text(gout)).toBe('---\n"title": "Gout"\n---\n# Gout\n\nSudden pain — ouch 🦶\n');
      const { entries } = await listener.list();
      expect(entries.map(({ access }) => access)).toEqual(['staff', 'members']);
      const nothing = { added: [], changed: [], removed: [], failed: [] };
      expect(await listener.sync()).toEqual(nothing);

      await writer.run(
        `UPDATE articles SET body = 'Too little vitamin C.', changed = ${flavour.now} WHERE id = 2`,
      );
      await writer.run(
        `INSERT INTO articles VALUES (5, 'Rickets', 'Lack of vitamin D.', NULL, ${flavour.now})`,
      );
      await writer.run('DELETE FROM articles WHERE id = 9007199254740993');
      expect(await listener.sync()).toEqual({
        ...nothing,
        added: [`${base()}/articles/5`],
        changed: [scurvy],
        removed: [gout],
      });
      expect(listener.text(scurvy)).toContain('Too little vitamin C.');
      expect(await listener.sync()).toEqual(nothing);

      // As it was, for the next round.
      await writer.run('DELETE FROM articles WHERE id = 5');
      await writer.run(
        `UPDATE articles SET body = 'Lack of vitamin C.', changed = ${flavour.now} WHERE id = 2`,
      );
      await writer.run(
        `INSERT INTO articles VALUES (9007199254740993, 'Gout', 'Sudden pain — ouch 🦶', NULL, ${flavour.now})`,
      );
    });
  }

  test('thousands of rows come through a cursor, from one state of the database', async () => {
    await writer.run('CREATE TABLE many (id integer PRIMARY KEY, body varchar(100))');
    const values = Array.from({ length: 4000 }, (_, i) => `(${i}, 'Row number ${i}')`);
    await writer.run(`INSERT INTO many VALUES ${values.join(', ')}`);
    const source = await open({ table: 'many' });
    let seen = 0;
    for await (const entry of source.list()) {
      if (seen === 10) await writer.run('DELETE FROM many WHERE id >= 2000');
      expect(entry.uri).toBe(`${base()}/many/${seen}`);
      seen++;
    }
    expect(seen).toBe(4000);
    // Wanted together they are asked for together; a listing that is left early leaves the source usable.
    for await (const _ of source.list()) break;
    const listener = new Listener(await open({ table: 'many', updatedAt: 'body', template: '{{body}}' }));
    const { entries } = await listener.list();
    expect(entries).toHaveLength(2000);
    const loaded = await Promise.all(entries.slice(0, 450).map((entry) => listener.source.load(entry)));
    expect(loaded.map(({ bytes }) => Buffer.from(bytes).toString().split('\n')[2])).toEqual(
      Array.from({ length: 450 }, (_, i) => `Row number ${i}`),
    );
  });

  test('keys of several columns and of bytes, and a query', async () => {
    await writer.run(
      `CREATE TABLE notes (owner ${flavour.uuid}, slug varchar(50), body ${flavour.text}, PRIMARY KEY (owner, slug))`,
    );
    const literal = flavour.uuid === 'uuid' ? `'${flavour.uuidKey}'` : `x'${flavour.uuidKey}'`;
    await writer.run(
      `INSERT INTO notes VALUES (${literal}, 'a,b/c', 'First.'), (${literal}, 'it''s', 'Second.')`,
    );
    const listener = new Listener(
      await open({
        query: `SELECT owner, slug, body, UPPER(slug) AS loud FROM notes -- all`,
        name: 'notes',
        key: ['owner', 'slug'],
        updatedAt: 'slug',
        template: '{{loud}}: {{body}}',
      }),
    );
    expect((await listener.sync()).added).toEqual([
      `${base()}/notes/${flavour.uuidKey},a%2Cb%2Fc`,
      `${base()}/notes/${flavour.uuidKey},it's`,
    ]);
    expect(listener.text(`${base()}/notes/${flavour.uuidKey},it's`)).toContain("IT'S: Second.");
  });

  test('a session cannot write', async () => {
    await writer.run(
      flavour.name === 'PostgreSQL'
        ? `CREATE FUNCTION spoil() RETURNS integer LANGUAGE sql AS 'DELETE FROM articles; SELECT 1'`
        : 'CREATE FUNCTION spoil() RETURNS integer BEGIN DELETE FROM articles; RETURN 1; END',
    );
    const message = await failure(async () =>
      new Listener(await open({ query: 'SELECT spoil() AS id' })).list(),
    );
    expect(message).toMatch(/cannot be read: .*read.only transaction/i);
  });

  test('what goes wrong is one sentence without the password', async () => {
    expect(await failure(async () => new Listener(await open({}, { PW: 'wrong one' })).list())).toMatch(
      new RegExp(
        `^The database ${base()} cannot be reached: .*\\. Check the address, the user and the password`,
      ),
    );
    expect(await failure(() => open({}, {}))).toMatch(
      /takes its value from the environment variable PW, which is not set/,
    );
    const closed = server.url.replace(/:\d+\//, ':1/');
    expect(await failure(async () => new Listener(await open({ url: closed })).list())).toMatch(
      /cannot be reached: nothing answers there\./,
    );
    const messages = [
      await failure(async () => new Listener(await open({ table: 'nowhere' })).list()),
      await failure(async () => new Listener(await open({ query: 'SELEC 1 AS id' })).list()),
      await failure(async () =>
        new Listener(
          await open({ url: { env: 'URL' }, table: 'x' }, { PW: server.password, URL: withPassword(server) }),
        ).list(),
      ),
    ];
    for (const message of messages) {
      expect(message).toMatch(/^The database \S+ cannot be read: /);
      expect(message).not.toContain(server.password);
      expect(message).not.toContain(encodeURIComponent(server.password));
    }
  });

  test('an abort ends a query that the server is still computing', async () => {
    const source = await open({ query: flavour.sleep });
    const started = performance.now();
    await expect(new Listener(source).list({ signal: AbortSignal.timeout(500) })).rejects.toThrow(
      /abort|timeout/i,
    );
    expect(performance.now() - started).toBeLessThan(4000);
  });

  test("a project with network: 'local' reaches the server it names and no other", async () => {
    using _ = enforceNetworkPolicy({ mode: 'local', hosts: [] });
    const listener = new Listener(await open({ table: 'articles' }));
    expect((await listener.list()).uris).toHaveLength(2);
    const elsewhere = server.url.replace('127.0.0.1', '192.0.2.1');
    expect(
      await failure(async () => new Listener(await open({ url: elsewhere, timeoutSeconds: 2 })).list()),
    ).toMatch(/^A connection to 192\.0\.2\.1 was stopped/);
  });
});
