import { describe, expect, test } from 'vitest';
import { parseDocument } from '../parse/parse-document.ts';
import { chunkDocument } from './chunk-document.ts';
import { embeddedText } from './embedded-text.ts';
import { isMachineMade } from './prefix.ts';
import { headRow, tableContextOf } from './table-context.ts';

const read = (text: string, uri = 'note.md') => parseDocument({ uri, bytes: new TextEncoder().encode(text) });

async function contextOf(text: string, uri?: string) {
  const document = await read(text, uri);
  const at = document.blocks.findIndex(({ kind }) => kind === 'table');
  const { caption, heads } = tableContextOf(document, at);
  return { caption: caption?.text, heads: headRow(heads) };
}

const table = '| tree | height |\n|---|---|\n| oak | 30 |\n| elm | 25 |';

describe('the caption of a table', () => {
  test.each([
    ['a numbered line before it', `Table 3. Heights of trees\n\n${table}`, 'Table 3. Heights of trees'],
    ['one behind it', `${table}\n\nTabelle 2: Höhen. Sie schwanken.`, 'Tabelle 2: Höhen.'],
    ['a sentence with a colon', `Trees differ. Their heights are:\n\n${table}`, 'Their heights are:'],
    ['behind it too', `${table}\n\nThe heights of trees were as follows:\n\nOaks grow.`, 'The heights of trees were as follows:'], // biome-ignore format: one a line
    ['a short line', `Heights in metres\n\n${table}`, 'Heights in metres'],
  ])('is %s', async (_, text, caption) => expect((await contextOf(text)).caption).toBe(caption));

  test.each([
    ['a paragraph that goes on', `Trees are measured with a rope.\n\n${table}`],
    ['a colon behind it that leads on to a list', `${table}\n\nWe also have:\n\n- shrubs\n- ferns`],
    ['a caption of the next table', `${table}\n\nTable 4. Ages\n\n${table}`],
  ])('is not %s', async (_, text) => expect((await contextOf(text)).caption).toBeUndefined());

  test('is what HTML calls so', async () => {
    const html =
      '<h1>Wood</h1><p>It is measured with a rope, as it always was.</p><table><caption>Heights in metres</caption><tr><th>tree</th><th>height</th></tr><tr><td>oak</td><td>30</td></tr></table>';
    expect(await contextOf(html, 'wood.html')).toEqual({
      caption: 'Heights in metres',
      heads: '| tree | height |',
    });
  });
});

test.each([
  ['the first row', table, '| tree | height |'],
  ['two rows of a column together', '|  | Height | Height |\n|---|---|---|\n|  | 2019 | 2020 |\n| oak | 30 | 31 |', '|  | Height 2019 | Height 2020 |'], // biome-ignore format: one a line
  ['a row that is named, where the first left columns out', '| Ended March 31 |  |  |\n|---|---|---|\n| Costs | 2019 | 2020 |\n| rope | 30 | 31 |', '| Ended March 31 Costs | 2019 | 2020 |'], // biome-ignore format: one a line
  ['rows below an empty one', '|  |  |  |\n|---|---|---|\n|  | men | women |\n| oak | 30 | 31 |', '|  | men | women |'], // biome-ignore format: one a line
  ['no row of amounts', '|  |  |  |\n|---|---|---|\n|  | 30 | 31 |\n| oak | 30 | 31 |', ''],
])('the heads are %s', async (_, text, heads) => expect((await contextOf(text)).heads).toBe(heads));

describe('chunks of a long table', () => {
  const countTokens = (text: string) => 2 + (text.match(/[\p{L}\p{N}]{1,4}|[^\s\p{L}\p{N}]/gu)?.length ?? 0);
  const rows = Array.from({ length: 60 }, (_, at) => `| tree number ${at} | ${at + 10} | ${at + 20} |`);
  const chunksOf = async (head: string, uri?: string) =>
    chunkDocument(
      await read(`# Wood\n\nTable 1. Heights and ages\n\n${head}\n|---|---|---|\n${rows.join('\n')}`, uri),
      { maxTokens: 100, overlapTokens: 0, countTokens },
    );

  test('each has the caption and the heads, unless they stand in it', async () => {
    const [first, ...others] = await chunksOf('| tree | height | age |');
    expect(first!.text).toContain('Table 1. Heights and ages');
    expect(first!.prefix).toBe('Wood');
    expect(others.length).toBeGreaterThan(3);
    for (const { prefix, searchPrefix = prefix } of others) {
      expect(searchPrefix).toBe('Wood\nTable 1. Heights and ages\n| tree | height | age |');
      // A full chunk may have no room for the caption's last word; the heads come first.
      expect(prefix).toMatch(/^Wood\nTable 1. .*\n\| tree \| height \| age \|$/);
    }
  });

  test('heads that there is no room for are shortened where they are embedded, and whole where words are searched', async () => {
    const long = 'height of the tree above the ground measured with a rope by two people on a calm day';
    const chunks = await chunksOf(`| tree | ${long} | age |`);
    const others = chunks.filter(({ text }) => !text.includes('| age |'));
    expect(others.length).toBeGreaterThan(3);
    for (const chunk of others) {
      expect(countTokens(embeddedText(chunk))).toBeLessThanOrEqual(100);
      expect(chunk.searchPrefix ?? chunk.prefix).toContain(`| tree | ${long} | age |`);
      expect(chunk.searchPrefix ?? chunk.prefix).toContain('Table 1. Heights and ages');
    }
    expect(others.some(({ searchPrefix }) => searchPrefix !== undefined)).toBe(true);
    expect(others.some(({ prefix }) => /height of/.test(prefix))).toBe(true);
  });
});

test('a title that a program made says nothing and is left out; chunks end where they did', async () => {
  const names = ['3f2b8a10-7c4d-4e21-9b60-55d0c1aa9e7f', 'd41d8cd98f00b204e9800998ecf8427e', '01HZX3N8Q4T7V9B2K5M6P0RSWY']; // biome-ignore format: one list
  const said = ['report-2024', 'GK-19', 'AMCOR_2022_8K', 'decade', '2024-05-01', 'facade1', 'Introduction'];
  expect(names.filter((name) => !isMachineMade(name))).toEqual([]);
  expect(said.filter(isMachineMade)).toEqual([]);
  const text = `## Oaks\n\n${'They grow slowly and stand for long. '.repeat(30)}`;
  const countTokens = (part: string) => 2 + part.split(/\s+/).filter(Boolean).length;
  const options = { maxTokens: 40, overlapTokens: 0, countTokens };
  const chunks = await chunkDocument({ ...(await read(text)), title: names[0]! }, options);
  const named = await chunkDocument({ ...(await read(text)), title: 'wood'.repeat(9) }, options);
  for (const chunk of chunks) expect(chunk.prefix).toBe('Oaks');
  expect(chunks.map(({ start, end }) => [start, end])).toEqual(named.map(({ start, end }) => [start, end]));
});
