import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsOf, outdatedReports, readSurface, type Surface, writtenReports } from './api-report.ts';

describe('the packages of this repository', () => {
  let surface: Surface;
  beforeAll(() => {
    surface = readSurface();
  });

  test('name and explain what they export', () => {
    expect(faultsOf(surface)).toEqual([]);
  });

  test('export what api/ says', () => {
    expect(outdatedReports(writtenReports(surface))).toEqual([]);
  });
});

describe('a package with mistakes', () => {
  let folder: string;
  let surface: Surface;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tandem-surface-'));
    const home = path.join(folder, 'packages/bad');
    await mkdir(home, { recursive: true });
    await writeFile(
      path.join(home, 'package.json'),
      JSON.stringify({ name: 'bad', exports: { '.': './index.ts', './more': './more.ts' } }),
    );
    await writeFile(
      path.join(home, 'index.ts'),
      `/** Adds. @throws RangeError for more than 2³¹. */
export function add(a: number, b = 1) { return a + b; }
export type Silent = string;
/** Options. */
export interface AddOptions { signal?: AbortSignal; limit?: number }
/** A hook, by its name. */
export const useSum = 1;
/** Node has one. */
export const fetch = 2;
/** What is private stays so. */
export class Sum { #total = 0; private carry = 0; /** So far. */ get total(): number { return this.#total + this.carry; } }
const value = 3;
/** A keyword. */
export { value as never };
`,
    );
    await writeFile(path.join(home, 'more.ts'), `export { add } from './index.ts';\n`);
    surface = readSurface(['bad'], folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is told each of them', () => {
    const faults = faultsOf(surface).map((fault) => fault.replace(/ \(.*\)/, ''));
    expect(faults.toSorted()).toEqual([
      'AddOptions.limit of bad has no docstring.',
      'Silent of bad has no docstring.',
      'add is exported by bad and by bad/more: leave one of them.',
      'bad exports fetch, which is a global already: give it another name.',
      'bad exports never, which is a keyword: give it another name.',
      'bad exports useSum, which is the name of a React hook: give it another name.',
      'never of bad has no docstring.',
    ]);
  });

  test('is reported with inferred types, without bodies, comments and what is private', () => {
    const report = writtenReports(surface).get('bad.api.md')!;
    expect(report).toContain(
      '// @throws RangeError for more than 2³¹.\nexport declare function add(a: number, b?: number): number;\n',
    );
    expect(report).toContain('export declare class Sum {\n    get total(): number;\n}\n');
    expect(report).toContain('declare const value = 3;\nexport { value as never };\n');
    expect(report).not.toContain('Options.');
  });

  test('fails where the report that is there is another, missing, or of nothing', async () => {
    const reports = path.join(folder, 'api');
    await mkdir(reports, { recursive: true });
    const written = writtenReports(surface);
    const [text] = [written.get('bad.api.md')!];
    await writeFile(path.join(reports, 'bad.api.md'), text.replace('b?: number', 'b?: string'));
    await writeFile(path.join(reports, 'old.api.md'), '');
    const [differs, missing, old, ...others] = outdatedReports(written, reports);
    expect(differs).toMatch(
      /bad\.api\.md differs from the source, first in line \d+: .*b\?: string.*b\?: number/,
    );
    expect(missing).toContain('bad-more.api.md is missing');
    expect(old).toContain('old.api.md is of an entry point that is there no more');
    expect(others).toEqual([]);
  });
});
