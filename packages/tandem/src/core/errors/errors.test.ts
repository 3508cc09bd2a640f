import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { TandemError } from './tandem-error.ts';

type ErrorClass = { new (options: object): Error; isInstance(error: unknown): boolean };
/** All that any of them asks for. */
const options = {
  message: 'It failed.',
  hint: 'Mend it.',
  domain: 'test',
  what: 'It was',
  path: 'p',
  host: 'h',
  uri: 'u',
  packageName: 'p',
  provider: 'p',
  step: 's',
  state: {},
  file: 'f',
  code: 'c',
  category: 'user',
  promptTokens: 1,
  reservedTokens: 1,
  contextLength: 1,
  expected: 1,
  actual: 1,
  meanKl: 0,
  sameTopToken: 1,
  tokens: 1,
};

/** Every class of this folder, as one copy of the package has it. */
async function classesOf(copy: string): Promise<[string, ErrorClass][]> {
  const files = readdirSync(import.meta.dirname).filter((file) => /-error\.ts$/.test(file));
  const modules = await Promise.all(
    files.map((file) => import(/* @vite-ignore */ `${path.join(import.meta.dirname, file)}${copy}`)),
  );
  return modules
    .flatMap((module) => Object.entries<ErrorClass>(module))
    .filter(([name]) => /Error$/.test(name) && name !== 'TandemError')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

test('each class knows its own errors, those of another copy of the package too, and no sibling’s', async () => {
  const here = await classesOf('');
  const elsewhere = await classesOf('?copy');
  expect(here.length).toBeGreaterThan(18);
  for (const [name, own] of here) {
    const [, other] = elsewhere.find(([each]) => each === name)!;
    expect(other, name).not.toBe(own);
    for (const error of [new own(options), new other(options)]) {
      expect(error.name).toBe(name);
      expect(TandemError.isInstance(error), name).toBe(true);
      expect(here.filter(([, each]) => each.isInstance(error)).map(([each]) => each)).toEqual([name]);
    }
  }
  for (const no of [undefined, null, 'error', new Error('plain'), { code: 'locked' }])
    for (const [name, own] of here) expect(own.isInstance(no), name).toBe(false);
});
