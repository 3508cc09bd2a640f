import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceError } from '../core/errors/source-error.ts';
import { type FilesSourceOptions, filesSource } from './files.ts';
import { Listener } from './listener.fixture.ts';
import type { SourceEntry, SourceProblem } from './source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(file: string, content = 'x'): Promise<void> {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), content);
}

async function listed(options: Partial<FilesSourceOptions> = {}) {
  const entries: SourceEntry[] = [];
  const problems: SourceProblem[] = [];
  const source = filesSource({ path: 'docs', baseDirectory: folder, ...options });
  for await (const entry of source.list({ onProblem: (problem) => problems.push(problem) }))
    entries.push(entry);
  return { uris: entries.map((entry) => entry.uri), entries, problems, source };
}

test('lists readable files in one order, relative to the base folder, and reports the rest', async () => {
  for (const file of ['b.md', 'a/z.txt', 'a/b/c.html', 'B.pdf', 'sheet.ods', 'Makefile'])
    await put(`docs/${file}`);
  for (const file of ['.git/x.md', '.hidden.md', 'node_modules/m/readme.md']) await put(`docs/${file}`);
  const { uris, problems, entries } = await listed();
  expect(uris).toEqual(['docs/B.pdf', 'docs/a/b/c.html', 'docs/a/z.txt', 'docs/b.md']);
  expect(entries.map((entry) => entry.mediaType)).toEqual([
    'application/pdf',
    'text/html',
    'text/plain',
    'text/markdown',
  ]);
  expect(problems).toEqual([
    { uri: 'docs/Makefile', kind: 'skipped', message: 'A file without an extension.' },
    { uri: 'docs/sheet.ods', kind: 'skipped', message: 'Tandem does not read .ods files.' },
  ]);
});

test('what programs leave beside documents is passed over without a word, and with one where it is named', async () => {
  const left = [
    '~$ndbook.docx',
    '~$budget.xlsx',
    '.~lock.report.odt#',
    '.DS_Store',
    'Thumbs.db',
    'desktop.ini',
    '._notes.md',
    '.notes.md.swp',
    'notes.md.swo',
    'notes.md~',
    '#notes.md#',
    'notes.md.bak',
    '~WRL0003.tmp',
    'manual.pdf.crdownload',
  ];
  for (const file of [...left, 'notes.md', 'C#.md', '~home.md', '#1 priority.md', 'part.md'])
    await put(`docs/${file}`);
  await put('docs/~empty.docx', '');
  const { uris, problems } = await listed();
  expect(uris).toEqual([
    'docs/#1 priority.md',
    'docs/C#.md',
    'docs/notes.md',
    'docs/part.md',
    'docs/~home.md',
  ]);
  expect(problems).toEqual([]);
  // A shell's `*` names them outright: a word, and no failure.
  expect(await listed({ path: 'docs/~$ndbook.docx' })).toMatchObject({
    uris: [],
    problems: [
      {
        uri: 'docs/~$ndbook.docx',
        kind: 'skipped',
        message: 'No document: a program left it beside one, as a lock, a backup or a draft.',
      },
    ],
  });
});

test('globs narrow the listing and see the path below the source', async () => {
  for (const file of ['a/1.md', 'a/2.md', 'b/1.md', 'b/1.txt']) await put(`docs/${file}`);
  const { uris, problems } = await listed({ include: ['**/*.md'], exclude: ['a/2*'] });
  expect(uris).toEqual(['docs/a/1.md', 'docs/b/1.md']);
  expect(problems).toEqual([]);
});

test('a file can be a source by itself, and one above the base folder keeps a portable uri', async () => {
  await put('docs/one.md', 'hello');
  expect((await listed({ path: 'docs/one.md' })).uris).toEqual(['docs/one.md']);
  const { entries, source } = await listed({
    baseDirectory: path.join(folder, 'docs'),
    path: '../docs/one.md',
  });
  expect(entries[0]!.uri).toBe('one.md');
  expect(Buffer.from((await source.load(entries[0]!)).bytes).toString()).toBe('hello');
});

test('the change mark changes with size or time, and only then', async () => {
  await put('docs/one.md', 'aaaa');
  const mark = async () => (await listed()).entries[0]!.changeMark;
  const first = await mark();
  expect(await mark()).toBe(first);
  await utimes(path.join(folder, 'docs/one.md'), new Date(0), new Date(0));
  const second = await mark();
  expect(second).not.toBe(first);
  await writeFile(path.join(folder, 'docs/one.md'), 'aaaaa');
  await utimes(path.join(folder, 'docs/one.md'), new Date(0), new Date(0));
  expect(await mark()).not.toBe(second);
});

test('links in a circle, links to nowhere and pipes are reported, not followed', async () => {
  await put('docs/a/one.md');
  await symlink('..', path.join(folder, 'docs/a/up'));
  await symlink('nowhere.md', path.join(folder, 'docs/dead.md'));
  await symlink('self.md', path.join(folder, 'docs/self.md'));
  await symlink('/dev/null', path.join(folder, 'docs/null.md'));
  const { uris, problems } = await listed();
  expect(uris).toEqual(['docs/a/one.md']);
  expect(problems.map(({ uri, kind }) => `${kind} ${uri}`)).toEqual([
    'skipped docs/a/up',
    'failed docs/dead.md',
    'skipped docs/null.md',
    'failed docs/self.md',
  ]);
});

test('a folder that cannot be listed is one failed problem ending in a slash', async () => {
  await put('docs/shut/one.md');
  await put('docs/two.md');
  await chmod(path.join(folder, 'docs/shut'), 0o000);
  try {
    const { uris, problems } = await listed();
    // The superuser may list it all the same.
    if (process.getuid?.() === 0) expect(uris).toEqual(['docs/shut/one.md', 'docs/two.md']);
    else {
      expect(uris).toEqual(['docs/two.md']);
      expect(problems).toMatchObject([{ uri: 'docs/shut/', kind: 'failed' }]);
    }
  } finally {
    await chmod(path.join(folder, 'docs/shut'), 0o755);
  }
});

test('a file that is too large is a failed problem', async () => {
  await put('docs/large.md', 'x'.repeat(2000));
  const { uris, problems } = await listed({ maxBytes: 1000 });
  expect(uris).toEqual([]);
  expect(problems).toMatchObject([{ uri: 'docs/large.md', kind: 'failed' }]);
});

test('a source that does not exist, or an entry gone since, is a SourceError with a sentence', async () => {
  const gone = filesSource({ path: 'no such folder', baseDirectory: folder });
  const error = await gone
    .list()
    [Symbol.asyncIterator]()
    .next()
    .catch((reason) => reason);
  expect(SourceError.isInstance(error)).toBe(true);
  expect(error.message).toBe(
    'The source "no such folder" cannot be read: it does not exist (or is a link to nowhere).',
  );
  await expect(gone.load({ uri: 'docs/x.md', changeMark: '' })).rejects.toThrow(
    'docs/x.md cannot be read: it does not exist',
  );
});

test('listing stops when aborted', async () => {
  await put('docs/a.md');
  await put('docs/b.md');
  const controller = new AbortController();
  const source = filesSource({ path: 'docs', baseDirectory: folder });
  const seen: string[] = [];
  await expect(
    (async () => {
      for await (const entry of source.list({ signal: controller.signal })) {
        seen.push(entry.uri);
        controller.abort();
      }
    })(),
  ).rejects.toThrow();
  expect(seen).toEqual(['docs/a.md']);
});

test('ignore files are kept to as git keeps to them', async () => {
  await put('docs/.gitignore', '*.log.md\n/build/\n!keep.log.md\n');
  await put('docs/.tandemignore', '# what readers need not find\ninternal\n!build-notes.md\n');
  await put('docs/a/.gitignore', 'x.md\n!z.log.md\n');
  const kept = [
    'docs/keep.log.md',
    'docs/x.md',
    'docs/a/y.md',
    'docs/a/z.log.md',
    'docs/a/build/1.md',
    'docs/build-notes.md',
  ];
  const ignored = [
    'docs/w.log.md',
    'docs/build/1.md',
    'docs/a/x.md',
    'docs/internal/1.md',
    'docs/a/internal.md/1.md',
    'docs/a/b/w.log.md',
  ];
  await put('docs/a/internal/2.md');
  for (const file of [...kept, ...ignored]) await put(file);
  expect((await listed()).uris.toSorted()).toEqual([...kept, 'docs/a/internal.md/1.md'].toSorted());
  expect((await listed({ ignoreFiles: false })).uris).toHaveLength(13);
});

test('a folder that cannot be looked into is one problem; the others are listed', async () => {
  for (const file of ['docs/a.md', 'docs/b/1.md', 'docs/c/1.md', 'docs/d.md']) await put(file);
  await symlink('.gitignore', path.join(folder, 'docs/b/.gitignore'));
  const { uris, problems } = await listed();
  expect(uris).toEqual(['docs/a.md', 'docs/c/1.md', 'docs/d.md']);
  expect(problems).toEqual([
    {
      uri: 'docs/b/',
      kind: 'failed',
      message: 'The folder cannot be listed: docs/b/.gitignore cannot be read: its links lead in a circle.',
    },
  ]);
  expect((await listed({ ignoreFiles: false })).problems).toEqual([]);
  await expect(listed({ path: 'docs/b' })).rejects.toMatchObject({
    code: 'source',
    message:
      'The folder "docs/b" cannot be listed: docs/b/.gitignore cannot be read: its links lead in a circle.',
  });
});

test('a folder that goes while its neighbours are listed is unknown, not the end', async () => {
  for (const file of ['docs/a.md', 'docs/b/1.md', 'docs/c.md']) await put(file);
  const problems: SourceProblem[] = [];
  const uris: string[] = [];
  const source = filesSource({ path: 'docs', baseDirectory: folder });
  for await (const { uri } of source.list({ onProblem: (problem) => problems.push(problem) })) {
    uris.push(uri);
    await rm(path.join(folder, 'docs/b'), { recursive: true, force: true });
  }
  expect(uris).toEqual(['docs/a.md', 'docs/c.md']);
  expect(problems).toEqual([
    {
      uri: 'docs/b/',
      kind: 'failed',
      message: expect.stringMatching(/^The folder cannot be listed: it does not exist/),
    },
  ]);
});

test('rules above the source count in a repository, unless they ignore the source itself', async () => {
  await mkdir(path.join(folder, '.git'));
  await put('.gitignore', 'drafts/\n*.tmp.md\n');
  for (const file of ['docs/a.md', 'docs/a.tmp.md', 'docs/drafts/b.md', 'drafts/c.md', 'drafts/c.tmp.md'])
    await put(file);
  expect((await listed()).uris).toEqual(['docs/a.md']);
  expect((await listed({ path: 'drafts' })).uris).toEqual(['drafts/c.md', 'drafts/c.tmp.md']);
  await rm(path.join(folder, '.git'), { recursive: true });
  expect((await listed()).uris).toEqual(['docs/a.md', 'docs/a.tmp.md', 'docs/drafts/b.md']);
});

test('a second sync touches only what changed and drops what is gone', async () => {
  for (const file of ['docs/a.md', 'docs/b.md', 'docs/c.md']) await put(file, file);
  const listener = new Listener(filesSource({ path: 'docs', baseDirectory: folder, access: 'staff' }));
  const nothing = { added: [], changed: [], removed: [], failed: [] };
  expect((await listener.sync()).added).toEqual(['docs/a.md', 'docs/b.md', 'docs/c.md']);
  expect(await listener.sync()).toEqual(nothing);
  await put('docs/b.md', 'docs/b.md, changed');
  await rm(path.join(folder, 'docs/c.md'));
  await put('docs/d.md');
  expect(await listener.sync()).toEqual({
    ...nothing,
    added: ['docs/d.md'],
    changed: ['docs/b.md'],
    removed: ['docs/c.md'],
  });
  expect((await listener.list()).entries[0]!.access).toBe('staff');
});

test('a watch tells of files that are added, changed, moved and removed, and of nothing else', async () => {
  await put('docs/a.md');
  const source = filesSource({ path: 'docs', baseDirectory: folder, exclude: ['skip/**'] });
  const controller = new AbortController();
  const told: (string | undefined)[] = [];
  let notify = () => {};
  const tells = async (...uris: (string | undefined)[]) => {
    while (!uris.every((uri) => told.includes(uri))) await new Promise<void>((wake) => (notify = wake));
    told.length = 0;
  };
  const watching = source.watch!({
    signal: controller.signal,
    onChange(uri) {
      told.push(uri);
      notify();
    },
  });
  // Once when it begins: what changed before it would be missed.
  await tells(undefined);
  await put('docs/new/deep/b.md');
  await tells('docs/new/deep/b.md');
  await put('docs/a.md', 'changed');
  await tells('docs/a.md');
  await rename(path.join(folder, 'docs/a.md'), path.join(folder, 'docs/new/c.md'));
  await tells('docs/a.md', 'docs/new/c.md');
  await rm(path.join(folder, 'docs/new/deep/b.md'));
  await tells('docs/new/deep/b.md');
  await put('docs/.tandemignore', 'new');
  await tells('docs/.tandemignore');
  const unwanted = [
    'docs/.hidden/x.md',
    'docs/.git/x.md',
    'docs/node_modules/x.md',
    'docs/picture.xyz',
    'docs/skip/x.md',
    'other.md',
  ];
  for (const file of unwanted) await put(file);
  // The last is told of, so that the others would have been.
  await put('docs/last.md');
  while (!told.includes('docs/last.md')) await new Promise<void>((wake) => (notify = wake));
  expect(told.filter((uri) => unwanted.includes(uri!))).toEqual([]);
  controller.abort();
  await watching;
  told.length = 0;
  await put('docs/late.md');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toEqual([]);
});
