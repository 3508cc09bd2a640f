import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { savedPrefixes } from './saved-prefixes.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-prefixes-'));
  folder = join(root, 'prefixes');
});
afterEach(() => rm(root, { recursive: true }));

const write = (text: string) => (file: string) => writeFile(file, text);
/** What is loaded for these tokens, as text. */
async function loaded(prefixes: ReturnType<typeof savedPrefixes>, tokens: number[]) {
  let text: string | undefined;
  const found = await prefixes.load(tokens, async (file) => {
    text = await readFile(file, 'utf8');
    return true;
  });
  expect(found).toBe(text !== undefined);
  return text;
}

test('a state is found by what it depends on, also later', async () => {
  const identity = { base: 'a', adapter: null };
  await savedPrefixes(folder, identity).save([1, 2, 3], write('state'));
  const later = savedPrefixes(folder, { adapter: null, base: 'a' });
  expect(await loaded(later, [1, 2, 3])).toBe('state');
  expect(await loaded(later, [1, 2])).toBeUndefined();
  expect(await loaded(savedPrefixes(folder, { base: 'b', adapter: null }), [1, 2, 3])).toBeUndefined();
  expect(await readdir(folder)).toHaveLength(1);
});

test('a damaged state is not read, and gone', async () => {
  const prefixes = savedPrefixes(folder, {});
  await prefixes.save([1], write('state'));
  const [name] = await readdir(folder);
  await writeFile(join(folder, name!), 'stat');
  expect(await loaded(prefixes, [1])).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

test('so is one that its reader finds unusable', async () => {
  const prefixes = savedPrefixes(folder, {});
  await prefixes.save([1], write('state'));
  expect(await prefixes.load([1], async () => false)).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test('what cannot be written leaves nothing', async () => {
  const prefixes = savedPrefixes(folder, {});
  await prefixes.save([1], async (file) => {
    await writeFile(file, 'half');
    throw new Error('The disk is full.');
  });
  expect(await readdir(folder)).toEqual([]);
  await writeFile(join(root, 'file'), '');
  await savedPrefixes(join(root, 'file'), {}).save([1], write('state'));
  expect(await loaded(savedPrefixes(join(root, 'file'), {}), [1])).toBeUndefined();
});

test('those used least recently make room', async () => {
  const prefixes = savedPrefixes(folder, {}, { mostBytes: 10 });
  await prefixes.save([1], write('1111'));
  await prefixes.save([2], write('2222'));
  for (const name of await readdir(folder)) await utimes(join(folder, name), new Date(0), new Date(0));
  expect(await loaded(prefixes, [1])).toBe('1111');
  await prefixes.save([3], write('3333'));
  expect(await loaded(prefixes, [2])).toBeUndefined();
  expect(await loaded(prefixes, [1])).toBe('1111');
  expect(await loaded(prefixes, [3])).toBe('3333');
});

test('half-written files of a process that was killed go in time', async () => {
  const prefixes = savedPrefixes(folder, {});
  await prefixes.save([1], write('state'));
  await writeFile(join(folder, 'old.partial'), '');
  await utimes(join(folder, 'old.partial'), new Date(0), new Date(0));
  await writeFile(join(folder, 'new.partial'), '');
  await prefixes.save([2], write('state'));
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual(['new.partial']);
});
