import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { thingsIn } from '../answer/live/find-asked.ts';
import type { SettingsInput } from '../core/settings.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { chatSaying, wordEmbedder } from './scripted-models.fixture.ts';
import { trace } from './search.ts';

/** Repeats what stands first among its passages. */
const chat = chatSaying((prompt) => {
  const said = JSON.stringify(prompt.at(-1)).match(/\[1\] [^\\]*\\n([^\\]*)/)?.[1] ?? 'nothing';
  return `${said} [1]`;
});

let directory: string;
let database: DatabaseSync;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-live-'));
  database = new DatabaseSync(join(directory, 'shop.db'));
  database.exec(`CREATE TABLE products (name TEXT, price REAL, currency TEXT, in_stock INTEGER);
    INSERT INTO products VALUES ('iron lamp', 49, 'US dollars', 3), ('lamp', 12, 'US dollars', 40)`);
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

const price = {
  name: 'price',
  asks: ['What does the {thing} cost?', 'How much is the {thing} now?'],
  url: 'sqlite:shop.db',
  things: 'SELECT name FROM products',
  query: 'SELECT price, currency FROM products WHERE name = :thing',
};

async function open(live: NonNullable<SettingsInput['answer']>['live'] = [price]) {
  const tandem = await createTandem({
    embedder: wordEmbedder,
    chat,
    directory,
    sources: [
      fromDocuments([
        {
          uri: 'catalogue.md',
          text: '# Catalogue\n\nThe iron lamp costs 39 US dollars. It is made in the valley.',
        },
      ]),
    ],
    settings: { answer: { live } },
  });
  await ingest(tandem);
  return tandem;
}

test('a fact is read at the moment of the question, cited with its time, and what changed is answered at once', async () => {
  await using tandem = await open();
  const before = await ask(tandem, 'What does the iron lamp cost?');
  expect(before.text).toContain('iron lamp: price 49, currency US dollars');
  expect(before.citations[0]).toMatchObject({
    uri: 'live:price/iron%20lamp',
    verdict: { label: 'supported' },
  });
  expect(before.claims!.map(({ verdict }) => verdict)).toEqual(['supported', 'supported']);
  expect(Date.now() - Date.parse(before.passages[0]!.freshness!.seenAt)).toBeLessThan(10_000);
  database.exec("UPDATE products SET price = 59 WHERE name = 'iron lamp'");
  const after = await ask(tandem, 'How much is the iron lamp now?');
  expect(after.text).toContain('price 59');
  const extract = await ask(tandem, 'What does the iron lamp cost?', { extract: true });
  expect(extract.text).toContain('price 59');
  const { passages, steps } = await trace(tandem, after.traceId);
  expect(passages[0]!.uri).toBe('live:price/iron%20lamp');
  expect(steps!.map(({ name }) => name)).toContain('look-up');
});

test('questions that ask something else, or of nothing that is there, read nothing', async () => {
  await using tandem = await open();
  for (const question of ['Where is the iron lamp made in the valley?', 'What does the bronze helmet cost?'])
    expect((await ask(tandem, question)).passages.map(({ uri }) => uri)).toEqual(['catalogue.md']);
});

test('functions of one’s own are asked; what they take too long for, or cannot do, is one sentence', async () => {
  const own = {
    name: 'stock',
    asks: ['How many of the {thing} are in stock?'],
    things: async () => ['iron lamp'],
    look: async () => ({ in_stock: 3 }),
  };
  await using tandem = await open([own]);
  expect((await ask(tandem, 'How many iron lamps are in stock?')).text).toContain('in stock 3');
  await using slow = await open([{ ...own, timeoutSeconds: 0.05, look: () => new Promise(() => {}) }]);
  await expect(ask(slow, 'How many iron lamps are in stock?')).rejects.toThrow(
    'Reading stock did not end within 0.05 seconds.',
  );
  await using wrong = await open([{ ...price, query: 'SELECT cost FROM products WHERE name = :thing' }]);
  await expect(ask(wrong, 'What does the iron lamp cost?')).rejects.toThrow(/no such column: cost/);
});

test('nothing can be written, and a name is a value and never a part of the statement', async () => {
  await using writing = await open([
    { ...price, query: 'UPDATE products SET price = 0 WHERE name = :thing RETURNING price' },
  ]);
  await expect(ask(writing, 'What does the iron lamp cost?')).rejects.toThrow(/readonly/);
  database.prepare('INSERT INTO products VALUES (?, 1, ?, 1)').run("x' OR '1'='1", 'none');
  await using tandem = await open();
  const { passages } = await ask(tandem, "What does the x' OR '1'='1 cost?");
  expect(passages[0]!.text).toContain('price 1,');
  expect(database.prepare('SELECT sum(price) AS sum FROM products').get()).toEqual({ sum: 62 });
});

test('where there is no row, or nothing in it, that is said, and no older value', async () => {
  database.exec("INSERT INTO products VALUES ('bell', NULL, NULL, 0)");
  await using tandem = await open([
    price,
    {
      ...price,
      name: 'deposit',
      asks: ['What is the deposit of the {thing}?'],
      query: 'SELECT price FROM products WHERE name = :thing AND price > 1000',
    },
  ]);
  const none = await ask(tandem, 'What is the deposit of the iron lamp?');
  expect(none.passages[0]!.text).toMatch(/^iron lamp: no deposit now; read on/);
  const empty = await ask(tandem, 'What does the bell cost?');
  expect(empty.passages[0]!.text).toContain('bell: price not given');
});

test('a name that stands in many rows is one, and both of two things are read', async () => {
  database.exec(
    "INSERT INTO products VALUES ('iron lamp', 49, 'US dollars', 3), ('iron lamp', 49, 'US dollars', 3)",
  );
  await using tandem = await open();
  const { passages } = await ask(tandem, 'What does the iron lamp cost, and the lamp?');
  expect(passages.map(({ uri }) => uri)).toEqual([
    'live:price/iron%20lamp',
    'live:price/lamp',
    'catalogue.md',
  ]);
});

test('facts are for those who hold their label, and not for questions to chosen documents', async () => {
  await using tandem = await open([{ ...price, access: 'staff' }]);
  const question = 'What does the iron lamp cost?';
  const first = async (options: Parameters<typeof ask>[2]) =>
    (await ask(tandem, question, options)).passages[0]?.uri;
  expect(await first({ access: ['public'] })).toBe('catalogue.md');
  expect(await first({ access: ['public', 'staff'] })).toBe('live:price/iron%20lamp');
  expect(await first({})).toBe('live:price/iron%20lamp');
  expect(await first({ documentIds: ['catalogue.md'] })).toBe('catalogue.md');
});

test('an API that fails is one sentence of the project’s own function', async () => {
  await using tandem = await open([
    {
      name: 'stock',
      asks: ['How many of the {thing} are in stock?'],
      things: async () => ['iron lamp'],
      look: async () => {
        throw new Error('503 from the shop.');
      },
    },
  ]);
  await expect(ask(tandem, 'How many iron lamps are in stock?')).rejects.toThrow(
    'look of the live fact stock failed: 503 from the shop.',
  );
});

test('of names inside each other the longest is meant', () => {
  expect(thingsIn('What do the iron lamps cost?', ['lamp', 'iron lamp', 'saddle'])).toEqual(['iron lamp']);
  expect(thingsIn('Is the saddle cheaper than a lamp?', ['lamp', 'saddle'])).toEqual(['saddle', 'lamp']);
  expect(thingsIn('What is a lamplighter?', ['lamp', ''])).toEqual([]);
});
