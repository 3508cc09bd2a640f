import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ingest } from '../runtime/ingest.ts';
import { filesSource } from '../sources/files.ts';
import { type LetterProject, makeLetterProject } from './letter-project.fixture.ts';
import { openProject } from './open-project.ts';

const fixtures = join(import.meta.dirname, '../parse/fixtures/strangers');
const files = [
  'basket.html',
  'fruit.pdf',
  'store.pdf',
  'mooring.pdf',
  'onsen-sjis.txt',
  'durations.xlsx',
  'price-list.xlsx',
  'kiln.docx',
  'inspection.docx',
];

/** The letters of a source over `inbox`, with a chunk that holds a table. */
async function projectOf(source: object): Promise<LetterProject> {
  const letters = await makeLetterProject({
    sources: [{ type: 'files', path: 'inbox', ...source }],
    chunk: { maxTokens: 22, overlapTokens: 0 },
  });
  await mkdir(join(letters.directory, 'inbox'));
  return letters;
}

test('a folder of strangers’ files: each is read as what it is, and what is no document is passed over', async () => {
  await using letters = await projectOf({});
  const inbox = join(letters.directory, 'inbox');
  for (const file of files) await copyFile(join(fixtures, file), join(inbox, file));
  await writeFile(join(inbox, '~$ndbook.docx'), '\u0003Ann');
  await writeFile(join(inbox, 'Thumbs.db'), 'x');
  await using project = await openProject({ directory: letters.directory });
  const report = await ingest(project);
  expect(report).toMatchObject({ added: files.length, problems: [] });
  const read = async (name: string) => (await project.catalog.documents.get(`inbox/${name}`))!;
  expect((await read('basket.html')).text).not.toContain('partners');
  expect((await read('fruit.pdf')).text).toContain('| Pear |  | 0.25 | hard |');
  expect((await read('store.pdf')).text).toContain(
    '| Nitric acid, 53 % or stronger | yellow | cabinet 9, alone and locked | 14 |',
  );
  expect((await read('mooring.pdf')).title).toBe('Harbour Authority - Mooring Manual, edition 4');
  expect((await read('onsen-sjis.txt')).text).toContain('露天風呂は午後十一時に閉まります。');
  expect((await read('durations.xlsx')).text).toContain('37:30:00 h');
  expect((await read('price-list.xlsx')).text).not.toMatch(/11\.20|6\.10|9\.99/);
  expect((await read('kiln.docx')).text).toContain('Revision 7, valid from 1 October 2025');
  expect((await read('inspection.docx')).text).toContain('| Noise at the fence | 55 dB | 61 dB |');
});

test('an encoding that is not certain is named in the report, and the source’s word reads the same file again', async () => {
  await using letters = await projectOf({});
  const file = join(letters.directory, 'inbox', 'short.txt');
  // "Řád" and "Čaj" in ISO-8859-2.
  await writeFile(file, Buffer.from([0xd8, 0xe1, 0x64, 0x0a, 0xc8, 0x61, 0x6a]));
  await using project = await openProject({ directory: letters.directory });
  const report = await ingest(project);
  expect(report.added).toBe(1);
  expect(report.problems).toEqual([
    {
      uri: 'inbox/short.txt',
      kind: 'partial',
      message: expect.stringMatching(/^its encoding is not certain: .*`encoding` in the source/),
    },
  ]);
  const named = filesSource({ path: 'inbox', baseDirectory: letters.directory, encoding: 'iso-8859-2' });
  expect(await ingest(project, { sources: [named] })).toMatchObject({
    changed: 1,
    unchanged: 0,
    problems: [],
  });
  expect((await project.catalog.documents.get('inbox/short.txt'))!.text.trim()).toBe('Řád\nČaj');
  expect(await ingest(project, { sources: [named] })).toMatchObject({ changed: 0, unchanged: 1 });
});

test('a source may have hidden cells read, and an encoding that nobody knows is refused', async () => {
  await using letters = await projectOf({ hiddenCells: 'read' });
  await copyFile(join(fixtures, 'price-list.xlsx'), join(letters.directory, 'inbox', 'price-list.xlsx'));
  await using project = await openProject({ directory: letters.directory });
  await ingest(project);
  const { text } = (await project.catalog.documents.get('inbox/price-list.xlsx'))!;
  expect(text).toContain('| Lantern oil (hidden row) | 11.20 euros | 5.80 euros | litre |');

  await using wrong = await projectOf({ encoding: 'shift-jizz' });
  await expect(openProject({ directory: wrong.directory })).rejects.toThrow(/Encoding Standard/);
});
