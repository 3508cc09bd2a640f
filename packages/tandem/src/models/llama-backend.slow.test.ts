import { execFile } from 'node:child_process';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type GgufValue, writeGguf } from '@tandem/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { openLocalChat } from './local-chat.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-backend-'));
  path = join(folder, 'huge.gguf');
  const header = new Map<string, GgufValue>([['general.architecture', { type: 'STRING', value: 'llama' }]]);
  await writeGguf(path, { entries: header, tensors: [] });
  // A file with a hole: it says that it has four terabytes, and takes a page of the disk.
  await truncate(path, 4e12);
});
afterAll(() => rm(folder, { recursive: true }));

test('a model larger than memory is refused before a byte of it is read', async () => {
  const started = performance.now();
  const failure: unknown = await openLocalChat({ path }).catch((error: unknown) => error);
  expect(InvalidInputError.isInstance(failure)).toBe(true);
  const { message, hint } = failure as InvalidInputError;
  expect(message).toMatch(
    /huge\.gguf takes about 4000\.00 GB of memory and \d+\.\d\d GB are free, so it was not loaded\.$/,
  );
  expect(hint).toMatch(/local:[\w.-]+ \(\d+\.\d\d GB\) would fit/);
  // Hashing it would take hours.
  expect(performance.now() - started).toBeLessThan(60_000);
});

test('a processor that llama.cpp is not built for is one sentence', async () => {
  const program = `
    Object.defineProperty(process, 'arch', { value: 'mips64' });
    const { openLocalChat } = await import(${JSON.stringify(join(import.meta.dirname, 'local-chat.ts'))});
    await openLocalChat({ path: ${JSON.stringify(path)} }).catch((error) => console.log(error.code, error.message));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout.trim()).toMatch(
    /^invalid_input llama\.cpp does not run on this machine \(\w+, mips64, .+\): there is no build of it for this system\.$/,
  );
});
