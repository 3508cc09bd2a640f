import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileFormatError } from '../errors/file-format-error.ts';
import { FileWriteError } from '../errors/file-write-error.ts';
import { writeFileAtomically } from './atomic-write.ts';
import { sha256OfFile, verifyFileHash } from './file-hash.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'atomic-'));
  file = path.join(folder, 'x');
});
afterAll(() => rm(folder, { recursive: true }));

test('a write that fails half-way leaves the old content and no other file', async () => {
  await writeFileAtomically(file, [Buffer.from('old')]);
  async function* broken() {
    yield Buffer.from('new');
    throw new Error('the source failed');
  }
  await expect(writeFileAtomically(file, broken())).rejects.toThrow('the source failed');
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['x']);
});

test('two writers at a time: the file is one of the two, whole', async () => {
  const contents = ['a', 'b'].map((letter) => Buffer.alloc(1_000_000, letter));
  await Promise.all(contents.map((content) => writeFileAtomically(file, [content])));
  const result = await readFile(file);
  expect(contents.some((content) => content.equals(result))).toBe(true);
  expect(await readdir(folder)).toEqual(['x']);
});

test('a folder that is not there, or that is a file', async () => {
  const missing = path.join(folder, 'none', 'x');
  await expect(writeFileAtomically(missing, [])).rejects.toSatisfy(FileWriteError.isInstance);
  await expect(writeFileAtomically(missing, [])).rejects.toThrow(
    /could not be written: its folder does not exist/,
  );
  await writeFile(file, '');
  await expect(writeFileAtomically(path.join(file, 'x'), [])).rejects.toSatisfy(FileWriteError.isInstance);
});

// A disk cannot be filled without being root, but a process can be told to write no more than so much; the path taken
// is the same. Windows has no such limit.
test.runIf(process.platform !== 'win32')(
  'a write that the system stops is told in one sentence',
  async () => {
    const script = `
    import { writeFileAtomically } from ${JSON.stringify(path.join(import.meta.dirname, 'atomic-write.ts'))};
    try { await writeFileAtomically(${JSON.stringify(path.join(folder, 'large'))}, [Buffer.alloc(10_000_000)]); }
    catch (error) { console.log(error.message); }
  `;
    // SIGXFSZ is ignored, so that the write fails with EFBIG as it would with ENOSPC.
    const shell = `trap '' XFSZ; ulimit -f 1000; exec "${process.execPath}" --no-warnings --input-type=module -e "$SCRIPT"`;
    const { stdout } = spawnSync('bash', ['-c', shell], {
      env: { ...process.env, SCRIPT: script },
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/large could not be written: the file would be larger than allowed/);
    expect((await readdir(folder)).filter((name) => name.includes('large'))).toEqual([]);
  },
);

test('SHA-256 of a file in pieces, and of the wrong one', async () => {
  const content = Buffer.alloc(20_000_000, 'tandem');
  await writeFile(file, content);
  const expected = createHash('sha256').update(content).digest('hex');
  const seen: number[] = [];
  expect(await sha256OfFile(file, { onProgress: (done) => seen.push(done) })).toBe(expected);
  expect(seen).toEqual([8388608, 16777216, 20000000]);
  await verifyFileHash(file, expected);

  await writeFile(file, 'other');
  await expect(verifyFileHash(file, expected)).rejects.toSatisfy(FileFormatError.isInstance);
  await expect(verifyFileHash(file, expected)).rejects.toThrow(/its SHA-256 is d9298a10.*not/);
  await expect(sha256OfFile(file, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
});
