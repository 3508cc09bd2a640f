import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { type SourceConfigInput, sourceSchema } from '../../core/source-config.ts';
import { Listener } from '../listener.fixture.ts';
import { openSource } from '../open-source.ts';
import type { Source } from '../source.ts';

let folder: string;
let database: DatabaseSync;
let sources: Source[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-sqlite-'));
  database = new DatabaseSync(path.join(folder, 'wiki.db'));
  database.exec(`
    CREATE TABLE articles (id INTEGER PRIMARY KEY, title TEXT, body TEXT, label TEXT, changed TEXT);
    INSERT INTO articles VALUES
      (1, 'Gout', 'Sudden pain in a joint.', 'public', '2026-01-01 10:00:00.001'),
      (2, 'Scurvy', 'Lack of vitamin C.', NULL, '2026-01-01 10:00:00.002'),
      (10, 'Rickets', 'Lack of vitamin D.', 'staff', NULL);
  `);
});
afterEach(async () => {
  for (const source of sources) await source[Symbol.asyncDispose]?.();
  sources = [];
  database.close();
  await rm(folder, { recursive: true });
});

type Sql = Extract<SourceConfigInput, { type: 'sql' }>;
async function open(options: Partial<Sql> = {}): Promise<Source> {
  const entry = { type: 'sql' as const, url: 'sqlite:wiki.db', key: 'id', ...options };
  const config = sourceSchema.parse(options.query === undefined ? { table: 'articles', ...entry } : entry);
  const source = await openSource(config, { baseDirectory: folder, where: 'sources.0' });
  sources.push(source);
  return source;
}
const uri = (key: string | number) => `sqlite:wiki.db/articles/${key}`;
const nothing = { added: [], changed: [], removed: [], failed: [] };

test('rows become Markdown documents, in order of their keys', async () => {
  const listener = new Listener(
    await open({
      title: '{{title}}',
      template: '{{body}}\n',
      metadata: ['changed'],
      accessColumn: 'label',
      access: 'members',
    }),
  );
  const { entries } = await listener.list();
  expect(entries.map((entry) => [entry.uri, entry.access, entry.mediaType])).toEqual([
    [uri(1), 'public', 'text/markdown'],
    [uri(2), 'members', 'text/markdown'],
    [uri(10), 'staff', 'text/markdown'],
  ]);
  await listener.sync();
  expect(listener.text(uri(1))).toBe(
    '---\n"title": "Gout"\n"changed": "2026-01-01 10:00:00.001"\n---\n# Gout\n\nSudden pain in a joint.\n',
  );
  expect(listener.text(uri(10))).toBe('---\n"title": "Rickets"\n---\n# Rickets\n\nLack of vitamin D.\n');
});

for (const updatedAt of [undefined, 'changed']) {
  test(`a row without a label is not read where labels are wanted (${updatedAt ?? 'no change mark'})`, async () => {
    database.exec("INSERT INTO articles VALUES (11, 'Empty', 'x', ' ', NULL)");
    const { entries, problems } = await new Listener(
      await open({ accessColumn: 'label', ...(updatedAt && { updatedAt }) }),
    ).list();
    expect(entries.map((entry) => [entry.uri, entry.access])).toEqual([
      [uri(1), 'public'],
      [uri(10), 'staff'],
    ]);
    expect(problems).toEqual([
      {
        uri: uri(2),
        kind: 'failed',
        message:
          'It has no access label: there is nothing in label, and its source has no `access` for such.',
      },
      { uri: uri(11), kind: 'failed', message: 'Its access label, label, is empty.' },
    ]);
  });
}

test('without a template every column is there, long ones under their names', async () => {
  database.prepare('UPDATE articles SET body = ? WHERE id = 1').run('Pain. '.repeat(40));
  const listener = new Listener(
    await open({ updatedAt: 'changed', accessColumn: 'label', access: 'members' }),
  );
  await listener.sync();
  expect(listener.text(uri(1))).toBe(
    `---\n---\n- id: 1\n- title: Gout\n\n## body\n\n${'Pain. '.repeat(40).trim()}\n`,
  );
});

for (const updatedAt of [undefined, 'changed']) {
  test(`a second sync loads what changed and drops what is gone (${updatedAt ?? 'no change mark'})`, async () => {
    const listener = new Listener(
      await open({ ...(updatedAt && { updatedAt }), template: '{{title}}: {{body}}' }),
    );
    expect((await listener.sync()).added).toEqual([uri(1), uri(2), uri(10)]);
    // A row without a time has to be looked at each time.
    expect(await listener.sync()).toEqual({ ...nothing, changed: updatedAt ? [uri(10)] : [] });
    database.exec(`
      UPDATE articles SET changed = '2026-01-02' WHERE id = 10;
      UPDATE articles SET body = 'Too little vitamin C.', changed = '2026-02-02' WHERE id = 2;
      DELETE FROM articles WHERE id = 1;
      INSERT INTO articles VALUES (3, 'Beriberi', 'Lack of vitamin B1.', NULL, '2026-02-02');
    `);
    expect(await listener.sync()).toEqual({
      added: [uri(3)],
      changed: updatedAt ? [uri(2), uri(10)] : [uri(2)],
      removed: [uri(1)],
      failed: [],
    });
    expect(listener.text(uri(2))).toContain('Too little vitamin C.');
    expect(await listener.sync()).toEqual(nothing);
    // Another template is another document.
    listener.source = await open({ ...(updatedAt && { updatedAt }), template: '{{title}}' });
    expect((await listener.sync()).changed).toEqual([uri(2), uri(3), uri(10)]);
  });
}

test('keys of several columns, of any type and with any character', async () => {
  database.exec(`
    CREATE TABLE parts (kind, number, text TEXT);
    INSERT INTO parts VALUES ('a,b/c', 1, 'one'), ('a', 'b''c', 'two'), (x'00ff', 2.5, 'three'), ('1', 1, 'four'), (7, '007', 'five');
  `);
  const listener = new Listener(
    await open({ table: 'parts', key: ['kind', 'number'], template: '{{text}}', updatedAt: 'text' }),
  );
  const { added, failed } = await listener.sync();
  expect(failed).toEqual([]);
  expect(
    Object.fromEntries(added.map((each) => [each, listener.text(each).trim().split('\n').at(-1)])),
  ).toEqual({
    'sqlite:wiki.db/parts/a%2Cb%2Fc,1': 'one',
    "sqlite:wiki.db/parts/a,b'c": 'two',
    "sqlite:wiki.db/parts/x'00FF',2.5": 'three',
    'sqlite:wiki.db/parts/1,1': 'four',
    'sqlite:wiki.db/parts/7,007': 'five',
  });
});

test('a query with joins, a remark at its end, and computed keys', async () => {
  database.exec(
    `CREATE TABLE comments (article INTEGER, text TEXT); INSERT INTO comments VALUES (1, 'Ouch.'), (1, 'Indeed.');`,
  );
  const listener = new Listener(
    await open({
      query: `SELECT a.id * 2 AS twice, a.title, group_concat(c.text, ' ' ORDER BY c.text DESC) AS comments
              FROM articles a LEFT JOIN comments c ON c.article = a.id GROUP BY a.id; -- all of them`.replace(
        '; --',
        ' --',
      ),
      key: 'twice',
      name: 'with-comments',
      updatedAt: 'title',
      template: '{{title}}{{#comments}}: {{comments}}{{/comments}}{{^comments}} (no comments){{/comments}}',
    }),
  );
  expect((await listener.sync()).added).toEqual(
    [2, 4, 20].map((key) => `sqlite:wiki.db/with-comments/${key}`),
  );
  expect(listener.text('sqlite:wiki.db/with-comments/2')).toContain('Gout: Ouch. Indeed.');
  expect(listener.text('sqlite:wiki.db/with-comments/4')).toContain('Scurvy (no comments)');
});

test('keys that name no row, or more than one, are told', async () => {
  database.exec(
    `CREATE TABLE loose (id INTEGER, text TEXT); INSERT INTO loose VALUES (NULL, 'a'), (1, 'b'), (1, 'c'), (2, 'd');`,
  );
  const { uris, problems } = await new Listener(await open({ table: 'loose', template: '{{text}}' })).list();
  expect(uris).toEqual(['sqlite:wiki.db/loose/1', 'sqlite:wiki.db/loose/2']);
  expect(problems).toEqual([
    { uri: 'sqlite:wiki.db/loose/', kind: 'failed', message: 'A row has nothing in the key column id.' },
    {
      uri: 'sqlite:wiki.db/loose/1',
      kind: 'failed',
      message: 'More than one row has this key: id does not name a row. Only the first was read.',
    },
  ]);
});

test('what is wrong in the config is one sentence that names its key', async () => {
  const failure = async (options: Partial<Sql>) => {
    try {
      await new Listener(await open(options)).list();
    } catch (error) {
      return `${(error as Error).message} ${(error as InvalidInputError).hint}`;
    }
    return 'nothing failed';
  };
  expect(await failure({ key: 'uuid' })).toBe(
    '`sources.0.key` names the column uuid, which is not there. There are: id, title, body, label, changed.',
  );
  expect(await failure({ template: '{{titel}}' })).toBe(
    '`sources.0.template` names titel, which is not there. There are: id, title, body, label, changed.',
  );
  expect(await failure({ template: 'one\n{{#title}}' })).toMatch(
    /^The template in `sources\.0\.template` is wrong at line 2: \{\{#title\}\} is never closed\./,
  );
  expect(await failure({ table: 'nowhere' })).toMatch(
    /^The database sqlite:wiki\.db cannot be read: no such table: nowhere\./,
  );
  expect(await failure({ url: 'sqlite:none.db' })).toMatch(/^The database sqlite:none\.db is not there\./);
  expect(await failure({ url: 'oracle://x/y' })).toMatch(
    /^`sources\.0\.url` is not the address of a database\./,
  );
  expect(await failure({ url: 'postgres://app:secret@db/x' })).toMatch(
    /^`sources\.0\.url` has a password in it/,
  );
  expect(await failure({ url: { env: 'TANDEM_NO_SUCH_VARIABLE' } })).toMatch(
    /^`sources\.0\.url` takes its value from the environment variable TANDEM_NO_SUCH_VARIABLE, which is not set\./,
  );
});

test('nothing can be written, whatever the query says', async () => {
  await expect(
    new Listener(await open({ query: 'DELETE FROM articles RETURNING *' })).list(),
  ).rejects.toThrow(/cannot be read/);
  expect(database.prepare('SELECT count(*) AS n FROM articles').get()).toEqual({ n: 3 });
});

test('a row that goes between listing and loading, and an abort', async () => {
  const source = await open({ updatedAt: 'changed' });
  const { entries } = await new Listener(source).list();
  database.exec('DELETE FROM articles WHERE id = 2');
  const [first, second] = await Promise.allSettled(entries.slice(0, 2).map((entry) => source.load(entry)));
  expect(first.status).toBe('fulfilled');
  expect(second).toMatchObject({ reason: { code: 'source', message: `${uri(2)} is not there any more.` } });
  await expect(new Listener(source).list({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});
