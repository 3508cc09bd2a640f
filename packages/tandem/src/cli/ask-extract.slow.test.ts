import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTandem } from './tandem-process.fixture.ts';

/** `tandem ask --extract` as a person sees it. */

let directory: string;
const tandem = (...args: string[]) => startTandem(args, { cwd: directory }).done;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-extract-'));
  await mkdir(join(directory, 'docs'));
  await writeFile(
    join(directory, 'docs', 'lamp.md'),
    '# The lamp\n\n## Release 2.4.1\n\nThe lamp goes out after **one hour**, see `dim` in [the list](list.md).\n',
  );
  expect((await tandem('init', '--docs', 'docs')).code).toBe(0);
  expect((await tandem('ingest')).code).toBe(0);
}, 120_000);
afterAll(() => rm(directory, { recursive: true }));

test('a person sees no marks of Markdown, and a program the exact words', { timeout: 60_000 }, async () => {
  const question = 'When does the lamp go out in 2.4.1?';
  const { out } = await tandem('ask', '--extract', question);
  expect(out.match(/The lamp goes out after one hour, see dim in the list\./g)).toHaveLength(2);
  const { out: found } = await tandem('search', question);
  expect(found).toContain('The lamp goes out after one hour, see dim in the list.');
  const { citations } = JSON.parse((await tandem('ask', '--extract', question, '--json')).out);
  expect(citations[0].quote).toBe('The lamp goes out after **one hour**, see `dim` in [the list](list.md).');
});

test('what is asked and is nowhere is said first', { timeout: 60_000 }, async () => {
  const version = await tandem('ask', '--extract', 'When does the lamp go out in 2.4.2?');
  expect(version.out).toMatch(/^The documents say nothing about 2\.4\.2\.\n\nThe sources do not say\.\n/);
  const name = await tandem('ask', '--extract', 'When does the Zorblaxin lamp go out?');
  expect(name.out).toMatch(
    /^The documents say nothing about Zorblaxin\.\nThe nearest that they say:\n\nThe lamp goes out/,
  );
});
