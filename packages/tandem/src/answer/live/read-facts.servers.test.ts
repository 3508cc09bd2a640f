import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsSchema } from '../../core/settings.ts';
import {
  type DatabaseServer,
  startMariadb,
  startPostgres,
} from '../../sources/sql/database-servers.fixture.ts';
import { factReader } from './read-facts.ts';

const withPassword = (server: DatabaseServer) => {
  const url = new URL(server.url.replace(/^mariadb:/, 'mysql:'));
  url.password = encodeURIComponent(server.password);
  return url.href;
};

const flavours = [
  {
    name: 'PostgreSQL',
    start: startPostgres,
    sleep: 'SELECT pg_sleep(20)::text AS name',
    async run(server: DatabaseServer, statements: readonly string[]) {
      const client = new pg.Client(withPassword(server));
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    },
  },
  {
    name: 'MariaDB',
    start: startMariadb,
    sleep: 'SELECT sleep(20) AS name',
    async run(server: DatabaseServer, statements: readonly string[]) {
      const connection = await mysql.createConnection({ uri: withPassword(server) });
      for (const statement of statements) await connection.query(statement);
      await connection.end();
    },
  },
];

describe.each(flavours)('$name', ({ start, sleep, run }) => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await start();
    process.env.TANDEM_TEST_LIVE_PASSWORD = server.password;
    await run(server, [
      'CREATE TABLE products (name varchar(80), price integer)',
      "INSERT INTO products VALUES ('iron lamp', 49), ('gold lamp', 900)",
    ]);
  }, 120_000);
  afterAll(async () => {
    delete process.env.TANDEM_TEST_LIVE_PASSWORD;
    await server?.[Symbol.asyncDispose]();
  });

  const fact = (changes: object = {}) =>
    settingsSchema.parse({
      answer: {
        live: [
          {
            name: 'price',
            asks: ['What does the {thing} cost?'],
            url: server.url,
            password: { env: 'TANDEM_TEST_LIVE_PASSWORD' },
            things: 'SELECT name FROM products ORDER BY name',
            query: 'SELECT price FROM products WHERE name = :thing',
            ...changes,
          },
        ],
      },
    }).answer.live[0]!;
  const reader = () => factReader({ baseDirectory: process.cwd(), signal: new AbortController().signal });

  test('names and a row are read, each time as they are', async () => {
    expect(await reader().thingsOf(fact())).toEqual(['gold lamp', 'iron lamp']);
    expect(await reader().rowOf(fact(), 'iron lamp')).toEqual({ price: 49 });
    await run(server, ["UPDATE products SET price = 59 WHERE name = 'iron lamp'"]);
    expect(await reader().rowOf(fact(), 'iron lamp')).toEqual({ price: 59 });
    expect(await reader().rowOf(fact(), 'bell')).toBeUndefined();
  });

  test('a name never becomes a part of the statement', async () => {
    for (const name of ["nothing' OR price > 50 -- ", "nothing\\' OR price > 50 -- ", "' OR ''='"])
      expect(await reader().rowOf(fact(), name)).toBeUndefined();
  });

  test('nothing can be written', async () => {
    const writing = fact({ query: 'DELETE FROM products WHERE name = :thing' });
    await expect(reader().rowOf(writing, 'iron lamp')).rejects.toThrow(/read[- ]only/i);
    expect(await reader().thingsOf(fact())).toHaveLength(2);
  });

  test('what does not end in time is one sentence, and leaves nothing behind', async () => {
    await expect(reader().thingsOf(fact({ things: sleep, timeoutSeconds: 0.5 }))).rejects.toThrow(
      'Reading price did not end within 0.5 seconds.',
    );
    expect(await reader().rowOf(fact(), 'gold lamp')).toEqual({ price: 900 });
  });
});
