import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as nn from './index.ts';

const root = resolve(import.meta.dirname, '..');

test('the README’s example runs, in at most 15 lines', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const [, example] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const lines = example!.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(15);
  const directory = await mkdtemp(join(tmpdir(), 'tandem-readme-'));
  try {
    const model = join(root, 'references/decoders/smollm2/model.gguf');
    const program = example!
      .replace("'@tandem/nn'", JSON.stringify(pathToFileURL(join(root, 'src/index.ts')).href))
      .replace("'SmolLM2-135M-Instruct.Q4_1.gguf'", JSON.stringify(model));
    await writeFile(join(directory, 'example.ts'), program);
    const { stdout } = await promisify(execFile)(process.execPath, ['example.ts'], { cwd: directory });
    expect(stdout).toMatch(/training 5 5 0\nloss \d\.\d+, 144 logits\n$/);
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['adapter', 'adapter.gguf', 'run']));
  } finally {
    await rm(directory, { recursive: true });
  }
});

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
