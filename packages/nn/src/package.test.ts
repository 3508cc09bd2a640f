import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as nn from './index.ts';

// That its README's example runs, as a user has it, is tested with the package that is published: scripts/build-packages.test.ts.

const root = resolve(import.meta.dirname, '..');

test('the reference names no function that is not exported', async () => {
  const reference = await readFile(resolve(root, '../../docs/nn.md'), 'utf8');
  const named = [...reference.matchAll(/`((?:export|import|train|open|write|read|load)[A-Z]\w+)/g)];
  expect(named.length).toBeGreaterThan(12);
  for (const [, name] of named) expect(nn).toHaveProperty(name!);
});

test('nothing here imports from tandem', async () => {
  for (const entry of await readdir(join(root, 'src'), { recursive: true })) {
    if (!entry.endsWith('.ts')) continue;
    const text = await readFile(join(root, 'src', entry), 'utf8');
    expect(/from '(tandem|\.\.\/.*packages\/tandem)/.test(text), entry).toBe(false);
  }
});
