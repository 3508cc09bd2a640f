import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceError } from '../core/errors/source-error.ts';
import { type FilesSourceOptions, filesSource } from './files.ts';
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
