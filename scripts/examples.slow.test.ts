import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { moduleOf, pageExamples } from './examples.ts';

// In a process of its own, as a user's program runs: packages by their exports, types stripped by Node.
test('every example fits its types, and runs unless it takes minutes', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(import.meta.dirname, 'examples.ts'),
  ]).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  const [, checked, ran, slow] =
    /Examples: (\d+) type-checked, (\d+) run, (\d+) take minutes .*, 0 failed\.\n$/.exec(stdout)!.map(Number);
  expect(ran! + slow!).toBe(checked);
  expect(ran).toBeGreaterThan(40);
  expect(slow).toBeLessThanOrEqual(8);
});

test('a block is a program unless it is marked, and an unknown mark is refused', () => {
  const page =
    'Text.\n\n```ts\nrun();\n```\n\n```ts config\nname: 1\n```\n\n```ts\n// takes minutes\ntune();\n```\n\n```sh\nls\n```\n';
  expect(pageExamples('page.md', page).map(({ place, kind, runs }) => ({ place, kind, runs }))).toEqual([
    { place: 'page.md:3', kind: 'program', runs: true },
    { place: 'page.md:7', kind: 'config', runs: true },
    { place: 'page.md:11', kind: 'program', runs: false },
  ]);
  expect(() => pageExamples('page.md', '```ts skip\nrun();\n```\n')).toThrow(
    'page.md has a block marked "skip"',
  );
});

test('what an example does not declare is imported or made for it', () => {
  const origins = new Map([
    ['ask', { from: 'tandem' }],
    ['search', { from: 'tandem' }],
    ['tandem', { statement: 'await using tandem = await exampleTandem();' }],
  ]);
  const program = (code: string) =>
    moduleOf({ place: '', code, kind: 'program', runs: true }, origins, './prelude.ts');
  expect(program("const { search } = await ask(tandem, '?');")).toBe(
    "import { ask } from 'tandem';\nimport { exampleTandem } from './prelude.ts';\nawait using tandem = await exampleTandem();\n\nconst { search } = await ask(tandem, '?');\nexport {};\n",
  );
  expect(program("import { openai } from '@ai-sdk/openai';")).toContain(
    "import { openai } from './prelude.ts';",
  );
  const config = moduleOf(
    { place: '', code: "store: { kind: 'a' }\nstore: { kind: 'b' }\n", kind: 'config', runs: true },
    origins,
    './prelude.ts',
  );
  expect(config.match(/checkConfig\(defineConfig\(/g)).toHaveLength(2);
});
