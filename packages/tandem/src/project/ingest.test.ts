import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ingest } from '../runtime/ingest.ts';
import { watchSources } from '../runtime/watch.ts';
import { html, Site } from '../sources/web/site.fixture.ts';
import { type LetterProject, makeLetterProject } from './letter-project.fixture.ts';
import { openProject } from './open-project.ts';

let letters: LetterProject;
let site: Site;
beforeEach(async () => {
  site = await Site.start();
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
  await letters[Symbol.asyncDispose]();
});

async function ingestFrom(...sources: object[]) {
  letters = await makeLetterProject({ sources });
  const database = new DatabaseSync(join(letters.directory, 'wiki.db'));
  database.exec("CREATE TABLE a (id INTEGER, text TEXT); INSERT INTO a VALUES (1, 'a b c'), (2, 'd e f')");
  database.close();
  await using project = await openProject({ directory: letters.directory });
  return await ingest(project);
}
const sql = (id: number) => ({
  type: 'sql',
  url: 'sqlite:wiki.db',
  query: `SELECT 1 AS id, text FROM a WHERE id = ${id}`,
  key: 'id',
});
const json = (path: string, items: string) => ({
  type: 'json',
  url: `${site.origin}${path}`,
  items,
  id: 'id',
  allowPrivate: true,
});
const answer = (body: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

test('a source of one’s own that throws is a problem of that source; the others are ingested', async () => {
  letters = await makeLetterProject();
  const file = join(letters.directory, 'tandem.config.ts');
  const config = (await readFile(file, 'utf8')).replace('export default', 'const config =');
  const source = "{ id: 'tickets', list() { throw new Error('no such desk'); }, load() {} }";
  await writeFile(
    file,
    `${config}\nexport default { ...config, sources: [{ type: 'custom', source: ${source} }, ...config.sources] };`,
  );
  await using project = await openProject({ directory: letters.directory });
  expect(await ingest(project)).toMatchObject({
    added: 12,
    unavailable: ['tickets'],
    problems: [
      { uri: 'tickets', kind: 'failed', message: 'The source tickets could not be listed: no such desk.' },
    ],
  });
});

test.each([25 * 86_400, 0, Number.NaN])('a watch every %d seconds is refused', async (everySeconds) => {
  letters = await makeLetterProject();
  await using project = await openProject({ directory: letters.directory });
  const onReport = () => expect.unreachable();
  await expect(
    watchSources(project, { signal: AbortSignal.timeout(5000), onReport, everySeconds }),
  ).rejects.toMatchObject({
    code: 'invalid_input',
    where: 'everySeconds',
    message: `Sources cannot be listed again every ${everySeconds} seconds.`,
  });
});

describe('sources whose documents would have the same names', () => {
  test.each([
    ['two queries of one database', () => [sql(1), sql(2)]],
    ['two lists in one answer', () => [json('/x', '$.a[*]'), json('/x', '$.b[*]')]],
    ['one address, asked for different things', () => [json('/x?of=a', '$[*]'), json('/x?of=b', '$[*]')]],
  ])('%s are refused without names', async (_, sources) => {
    await expect(ingestFrom({ type: 'files', path: 'documents' }, ...sources())).rejects.toMatchObject({
      code: 'invalid_input',
      where: 'sources.2',
      message: expect.stringMatching(/^`sources\.2` and `sources\.1` have the same name \(.*\)/),
      hint: expect.stringContaining('Give one of them a `name`'),
    });
  });

  test('with names all of them are there', async () => {
    site.pages.set('/x', answer({ a: [{ id: 1, text: 'g h' }], b: [{ id: 1, text: 'i j' }] }));
    const report = await ingestFrom(sql(1), { ...sql(2), name: 'second' }, json('/x', '$.a[*]'), {
      ...json('/x', '$.b[*]'),
      name: 'b',
    });
    expect(report).toMatchObject({ added: 4, problems: [] });
    expect(report.sources.map(({ loaded }) => loaded)).toEqual([1, 1, 1, 1]);
  });

  test('a folder or a site may be there twice: the same name is the same document', async () => {
    site.pages.set('/', html('k'));
    const documents = { type: 'files', path: 'documents' };
    const web = { type: 'web', url: `${site.origin}/`, allowPrivate: true };
    const report = await ingestFrom(
      { ...documents, include: ['d1.md'], access: 'staff' },
      { ...documents, include: ['d2.md'] },
      web,
      { ...web, access: 'staff' },
    );
    expect(report).toMatchObject({ added: 3, problems: [] });
  });
});
