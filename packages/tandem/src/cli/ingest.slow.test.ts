import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { html, Site, tagged } from '../sources/web/site.fixture.ts';

/** `tandem ingest` from every kind of source, in its own process, with the real embedder. */

const main = resolve(import.meta.dirname, 'main.ts');
let directory: string;
let site: Site;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-ingest-cli-'));
  site = await Site.start();
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function start(...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, [main, ...args], { cwd: directory });
  const output = { out: '', err: '' };
  let notify = () => {};
  child.stdout!.on('data', (data) => {
    output.out += data;
    notify();
  });
  child.stderr!.on('data', (data) => (output.err += data));
  const done = new Promise<{ code: number | null; out: string; err: string }>((settle) =>
    child.on('close', (code) => {
      notify();
      settle({ code, ...output });
    }),
  );
  let lines = 0;
  /** The next line of output, as JSON. */
  const line = async () => {
    while (output.out.split('\n').length - 1 <= lines) {
      if (child.exitCode !== null) throw new Error(`ended too early: ${output.err}`);
      await new Promise<void>((wake) => (notify = wake));
    }
    return JSON.parse(output.out.split('\n')[lines++]!);
  };
  /** The next report of an ingest that found something new: a file system may tell of one change more than once. */
  const news = async () => {
    for (;;) {
      const report = await line();
      if (report.added + report.changed + report.removed > 0) return report;
    }
  };
  return { child, done, line, news };
}
const config = (sources: string) =>
  writeFile(join(directory, 'tandem.config.ts'), `export default { name: 'test', sources: ${sources} };\n`);

test('an address given once is remembered, and each source has its summary', async () => {
  await config('[]');
  site.pages.set('/docs/', tagged(html('Gout', '/docs/scurvy')));
  site.pages.set('/docs/scurvy', tagged(html('Scurvy')));
  const refused = await start('ingest', `${site.origin}/docs/`, '--crawl').done;
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/127\.0\.0\.1 is not a public address.*--allow-private/s);
  expect(site.requests).toEqual([]);

  const first = await start('ingest', `${site.origin}/docs/`, '--crawl', '--allow-private', '--json').done;
  expect(JSON.parse(first.out)).toMatchObject({
    added: 2,
    problems: [],
    sources: [{ id: `web:crawl:${site.origin}/docs/`, listed: 2, loaded: 2, failed: 0, skipped: 0 }],
  });
  site.takeRequests();

  site.pages.delete('/docs/scurvy');
  const second = JSON.parse((await start('ingest', '--json').done).out);
  expect(second).toMatchObject({
    added: 0,
    removed: 1,
    unchanged: 1,
    sources: [{ listed: 1, loaded: 0, skipped: 1 }],
  });
  expect(site.takeRequests()).toEqual(['GET /robots.txt 404', 'GET /docs/ 304', 'GET /docs/scurvy 404']);
  const remembered = JSON.parse(await readFile(join(directory, '.tandem/sources.json'), 'utf8'));
  expect(remembered).toEqual([
    { type: 'web', url: `${site.origin}/docs/`, mode: 'crawl', allowPrivate: true },
  ]);
});

test('sources of the config, and what is wrong with them', async () => {
  const database = new DatabaseSync(join(directory, 'wiki.db'));
  database.exec(
    "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT, body TEXT); INSERT INTO pages VALUES (1, 'Rickets', 'Lack of vitamin D.')",
  );
  database.close();
  site.pages.set('/api', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ id: 'b', text: 'Beriberi comes from a lack of vitamin B1.' }]),
  });
  await config(`[
    { type: 'sql', url: 'sqlite:wiki.db', table: 'pages', key: 'id', title: '{{title}}', template: '{{body}}', access: 'staff' },
    { type: 'json', url: '${site.origin}/api', id: 'id', template: '{{text}}', allowPrivate: true },
  ]`);
  const report = JSON.parse((await start('ingest', '--json').done).out);
  expect(report).toMatchObject({
    added: 2,
    problems: [],
    sources: [{ id: 'sql:sqlite:wiki.db/pages', loaded: 1 }, { loaded: 1 }],
  });
  const found = JSON.parse((await start('search', 'lack of vitamin B1', '--k', '1', '--json').done).out);
  expect(JSON.stringify(found)).toContain(`${site.origin}/api#b`);

  await config("[{ type: 'sql', url: 'sqlite:wiki.db', key: 'id' }]");
  expect((await start('ingest').done).err).toMatch(
    /`sources\.0\.table` is wrong: give either `table` or `query`/,
  );
  await config('[]');
  expect((await start('ingest', 'postgres://x/y').done).err).toMatch(
    /postgres:\/\/ address, and only files, folders and web addresses can be given/,
  );
});

test('one source that is down is one sentence; the others are ingested, and a mistyped path is not remembered', async () => {
  await config(
    `[{ type: 'files', path: 'docs' }, { type: 'web', url: '${site.origin}/', allowPrivate: true }]`,
  );
  await mkdir(join(directory, 'docs'));
  await writeFile(join(directory, 'docs/a.md'), '# Gout\n\nSudden pain.\n');
  site.pages.set('/', html('Scurvy'));
  expect((await start('ingest').done).code).toBe(0);
  site.pages.set('/', { status: 403 });
  await writeFile(join(directory, 'docs/a.md'), '# Gout\n\nSudden severe pain.\n');
  const { code, out, err } = await start('ingest', 'dosc').done;
  expect(code).toBe(1);
  expect(err).not.toMatch(/Error/);
  expect(out).toMatch(/^2 documents in 2 chunks: 0 added, 1 changed, 0 removed/);
  expect(err.match(/^Not ingested: .*$/gm)).toEqual([
    expect.stringMatching(/^Not ingested: web:.*: it is forbidden \(403\)\./),
    expect.stringMatching(/^Not ingested: files:dosc: .*dosc.* does not exist/),
  ]);
  // What the forbidden page said before is still found.
  const { passages } = JSON.parse((await start('search', 'Scurvy', '--k', '1', '--json').done).out);
  expect(passages).toMatchObject([{ uri: expect.stringMatching(/^http/) }]);
  site.pages.set('/', html('Scurvy'));
  expect(await start('ingest').done).toMatchObject({ code: 0 });
});

test('--watch ingests again when a file changes, and ends cleanly on Ctrl-C', async () => {
  await config("[{ type: 'files', path: 'docs' }]");
  await mkdir(join(directory, 'docs'));
  await writeFile(join(directory, 'docs/a.md'), '# Gout\n\nSudden pain.\n');
  await mkdir(join(directory, 'elsewhere'));
  await writeFile(join(directory, 'elsewhere/b.md'), '# Scurvy\n\nLack of vitamin C.\n');
  await writeFile(join(directory, 'elsewhere/c.md'), '# Rickets\n\nLack of vitamin D.\n');
  const { child, done, line, news } = start('ingest', '--watch', '--json');
  expect(await line()).toMatchObject({ added: 1 });
  // The watch looks once more when it has begun.
  expect(await line()).toMatchObject({ added: 0, unchanged: 1 });
  // What comes together is ingested together.
  await rename(join(directory, 'elsewhere'), join(directory, 'docs/more'));
  expect(await news()).toMatchObject({ added: 2, changed: 0, removed: 0, unchanged: 1 });
  // As editors save it, so that nobody reads half of it.
  await writeFile(join(directory, 'a.new'), '# Gout\n\nSudden severe pain.\n');
  await rename(join(directory, 'a.new'), join(directory, 'docs/a.md'));
  expect(await news()).toMatchObject({ added: 0, changed: 1, removed: 0 });
  await rm(join(directory, 'docs/more/b.md'));
  expect(await news()).toMatchObject({ added: 0, changed: 0, removed: 1, index: { documents: 2 } });
  // One Ctrl-C that comes twice at once, as under npx: from the terminal, and passed on.
  child.kill('SIGINT');
  await new Promise((wake) => setTimeout(wake, 1));
  child.kill('SIGINT');
  const { code, err } = await done;
  expect(err).not.toMatch(/Error|Interrupted/);
  expect(code).toBe(0);
});

test('a watch that cannot go on ends, with its watchers', async () => {
  await writeFile(
    join(directory, 'tandem.config.ts'),
    "export default { name: 'test', sources: [{ type: 'files', path: 'docs' }], models: { embedder: 'local:./none' } };\n",
  );
  await mkdir(join(directory, 'docs'));
  await writeFile(join(directory, 'docs/a.md'), '# Gout\n\nSudden pain.\n');
  const { code, err } = await start('ingest', '--watch').done;
  expect(err).toMatch(/^Error: .*none/m);
  expect(code).toBe(1);
});

test('--every is refused where no timer lasts so long', async () => {
  await config('[]');
  const { code, err } = await start('ingest', '--watch', '--every', '600h').done;
  expect(err).toMatch(/--every <time>.*600h.*30s, 10m or 2h; 24 days \(576h\) at most/);
  expect(code).toBe(1);
});

test('--watch --every looks at a site again and again, and sees an outage through', async () => {
  await config(`[{ type: 'web', url: '${site.origin}/', allowPrivate: true, requestsPerSecond: 100 }]`);
  site.pages.set('/', tagged(html('Gout')));
  expect((await start('ingest', '--watch').done).err).toMatch(
    /None of the sources can be watched.*--every 10m/s,
  );
  const { child, done, line, news } = start('ingest', '--watch', '--every', '1s', '--json');
  expect(await line()).toMatchObject({ added: 1 });
  site.pages.set('/', { status: 404 });
  while (!site.requests.includes('GET / 404')) await new Promise((wake) => setTimeout(wake, 50));
  site.pages.set('/', tagged(html('Gout again')));
  // An address that is gone for a while takes nothing with it.
  expect(await news()).toMatchObject({ added: 0, changed: 1, removed: 0 });
  child.kill('SIGINT');
  const { code, err } = await done;
  expect(err).toMatch(/Error: The source .* cannot be read: it is not there \(404\)\./);
  expect(code).toBe(0);
});
