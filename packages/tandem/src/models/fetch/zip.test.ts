import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { zip } from './zip.fixture.ts';
import { extractZip } from './zip.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-zip-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('gives back what was packed, stored or deflated', async () => {
  const entries = fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/),
      content: fc.uint8Array({ maxLength: 5000 }),
      deflate: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5, selector: ({ name }) => name },
  );
  const comment = fc.string({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(entries, comment, async (packed, note) => {
      const archive = join(folder, 'a.zip');
      await writeFile(archive, zip(packed, note));
      const wanted = new Map(packed.map(({ name }, index) => [name, join(folder, `out-${index}`)]));
      await extractZip(archive, wanted);
      for (const [index, { content }] of packed.entries()) {
        expect(new Uint8Array(await readFile(join(folder, `out-${index}`)))).toEqual(content);
      }
    }),
    { numRuns: 60 },
  );
});

it('says what is missing or damaged', async () => {
  const archive = join(folder, 'b.zip');
  const whole = zip([{ name: 'a', content: new Uint8Array(100), deflate: true }], '');
  await writeFile(archive, whole);
  await expect(extractZip(archive, new Map([['b', join(folder, 'b')]]))).rejects.toThrow(/b\.zip holds no b/);
  for (const length of [0, 10, whole.length - 30]) {
    await writeFile(archive, whole.subarray(0, length));
    await expect(extractZip(archive, new Map([['a', join(folder, 'a')]]))).rejects.toThrow(/b\.zip/);
  }
});
