import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HeldBodies, takeHeld } from './held-bodies.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-held-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('bodies outlast the process until they are taken, and leave no trace then', async () => {
  const file = path.join(folder, 'new', 'held.sqlite');
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i * 7919}`).join('\n');
  {
    using held = new HeldBodies(file);
    held.put('a', 'v1', { bytes: Buffer.from(text), mediaType: 'text/plain' });
    held.put('b', 'v1', { bytes: Buffer.from('old') });
    held.put('b', 'v2', { bytes: Buffer.from('new') });
  }
  const full = (await stat(file)).size;
  using held = new HeldBodies(file);
  expect(held.has('a', 'v1')).toBe(true);
  expect(held.take('b', 'v1')).toBeUndefined();
  expect(held.take('b', 'v2')).toEqual({ bytes: Buffer.from('new') });
  const taken = held.take('a', 'v1')!;
  expect([Buffer.from(taken.bytes).toString(), taken.mediaType]).toEqual([text, 'text/plain']);
  expect(held.take('a', 'v1')).toBeUndefined();
  expect((await stat(file)).size).toBeLessThan(full / 2);
});

test('a file that is none of ours is a sentence', async () => {
  const file = path.join(folder, 'held.sqlite');
  await writeFile(file, 'no database at all, but long enough to be looked at as one'.repeat(20));
  expect(() => new HeldBodies(file)).toThrow(/held\.sqlite cannot be used: file is not a database\./);
  expect((await readFile(file, 'utf8')).length).toBeGreaterThan(0);
});

test('what was not kept is told, with its name', () => {
  using held = new HeldBodies(undefined);
  const entry = { uri: 'a', changeMark: '1' };
  held.put('a', '1', { bytes: Buffer.from('x') });
  expect(Buffer.from(takeHeld(held, entry).bytes).toString()).toBe('x');
  for (const each of [held, undefined])
    expect(() => takeHeld(each, entry)).toThrow('a was listed as unchanged, so its content was not kept.');
});
