import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chunkDocument } from '../chunk/chunk-document.ts';
import { embeddedText } from '../chunk/embedded-text.ts';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { readableExtensions } from '../core/media-type.ts';
import type { Document } from '../core/types/document.ts';
import { parseDocument } from './parse-document.ts';

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));
const parse = (content: string | Uint8Array, uri: string) =>
  parseDocument({ uri, bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content });
const shown = ({ text, blocks }: Document) =>
  blocks.map(
    ({ kind, level, page, start, end }) =>
      `${kind}${level ?? ''}${page ? ` p${page}` : ''}: ${text.slice(start, end)}`,
  );
const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => expect.fail('it parsed'),
    (reason: unknown) => reason,
  );
  if (!UnreadableDocumentError.isInstance(error)) throw error;
  expect(error.message).toMatch(/\.$/);
  expect(error.hint).toMatch(/\.$/);
  return error;
};

test('Word: title, headings, lists, caption, a table whose merged cell stands in each row; no deleted or hidden text', async () => {
  const document = await parse(fixture('leave.docx'), 'leave.docx');
  expect(document.title).toBe('Leave policy');
  expect(document.metadata).toMatchObject({ author: 'Personnel', pages: '2' });
  expect(shown(document)).toEqual([
    'heading1 p1: # Leave policy',
    'paragraph p1: Who is entitled to leave, and how it is asked for.',
    'heading2 p1: ## Annual leave',
    'paragraph p1: Full-time staff have 28 days a year.',
    'list p1: 1. Ask your manager\n2. Fill in the form\n- Days lapse in March',
    'heading3 p1: ### Table of days',
    'caption p1: Table 1: days by grade',
    'table p1: | Grade | Days | Note |\n| --- | --- | --- |\n| A | 28 | full \\| time |\n| A | 26 | half time |\n| B | 24 |  |',
    'paragraph p1: Text that was kept.',
    'paragraph p2: On the second page.',
    'heading2 p2: ## Sick leave',
    'paragraph p2: From the first day, a note is needed.',
  ]);
});

test('Word before 2007: headings, lists with their depth, tables', async () => {
  const lists = await parse(fixture('lists.doc'), 'lists.doc');
  expect(lists.title).toBe('Heading Level 1');
  expect(shown(lists)).toContain('list: - Tick 1\n- Tick 2');
  expect(lists.text).toContain('- ML 1:2\n  - ML 2:1\n  - ML 2:2\n  - ML 2:3\n    - ML 3:1\n      - ML 4:1');
  const table = await parse(fixture('table.doc'), 'table.doc');
  expect(table.metadata.author).toBe('Bob Otterberg');
  expect(shown(table).slice(1)).toEqual([
    'table: | Cell 1,1 | Cell 1,2 | Cell 1,3 |\n| --- | --- | --- |\n| Cell 2,1 | Cell 2,2 | Cell 2,3 |',
    'paragraph: This text is below the table.',
  ]);
});

test('Word: what it is counts, not its name', async () => {
  expect((await parse(fixture('leave.docx'), 'leave.doc')).title).toBe('Leave policy');
  expect((await parse(fixture('table.doc'), 'table.docx')).text).toContain('Cell 2,3');
  expect((await parse('<html><body><p>Saved as a page.</p></body></html>', 'a.doc')).text).toBe(
    'Saved as a page.',
  );
  expect((await failure(parse('{\\rtf1 text}', 'a.doc'))).message).toBe(
    'a.doc is in Rich Text Format, which Tandem does not read.',
  );
});

test('PowerPoint: a slide is a page, its title a heading; lists, notes, tables and the data of charts', async () => {
  const document = await parse(fixture('hygiene.pptx'), 'hygiene.pptx');
  expect(document.title).toBe('Hand hygiene');
  expect(shown(document)).toEqual([
    'heading2 p1: ## Hand hygiene',
    'caption p1: Training for new staff',
    'heading2 p2: ## Five moments',
    'list p2: - Before touching a patient\n- After touching a patient\n  - also after gloves',
    'paragraph p2: Notes: Show the poster here.',
    'heading2 p3: ## Slide 3',
    'table p3: | Agent | Seconds |\n| --- | --- |\n| Alcohol | 30 |',
    'caption p3: Infections a year',
    'table p3: |  | Infections |\n| --- | --- |\n| 2022 | 12 |\n| 2023 | 7 |',
  ]);
});

test('Excel: sheets are headings, regions tables, dates dates; long rows are sections; hidden sheets are named', async () => {
  const document = await parse(fixture('stock.xlsx'), 'stock.xlsx');
  expect(document.metadata).toMatchObject({ sheets: '3', hiddenSheets: 'Secret' });
  expect(document.text).not.toContain('hidden words');
  expect(shown(document).slice(0, 5)).toEqual([
    'heading2 p1: ## Stock',
    'caption p1: Stock of the ward',
    'table p1: | Drug | Left | Expires | Cold |\n| --- | --- | --- | --- |\n| Insulin | 12 | 2025-03-31 | TRUE |\n| Aspirin | 140.5 | 2026-01-02 08:30 | FALSE |',
    'paragraph p1: Counted by the night shift',
    'table p1: | Ward | Beds |\n| --- | --- |\n| North |  |',
  ]);
  expect(shown(document)[6]).toBe('heading3 p3: ### How is a bed booked?');
  expect(shown(document)[7]).toMatch(/^paragraph p3: Answer: Call the desk\. /);
});

describe('CSV', () => {
  test('the separator is found, quoted fields hold separators and line breaks, short records are filled up', async () => {
    const document = await parse(
      'name;dose;note\n"Insulin; fast";5,5;"two\nlines ""x"""\nAspirin;100\n',
      'a.csv',
    );
    expect(document.text).toBe(
      '| name | dose | note |\n| --- | --- | --- |\n| Insulin; fast | 5,5 | two lines "x" |\n| Aspirin | 100 |  |',
    );
    expect((await parse('a\tb\n1\t2\n', 'a.tsv')).text).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });

  test('without a head the columns are numbered, so that no record passes for names', async () => {
    expect((await parse('1,2\n3,4\n', 'a.csv')).text).toMatch(/^\| Column 1 \| Column 2 \|\n/);
  });

  test('a head without records is a head, and a record alone with a number in it is a record', async () => {
    const head = await parse('name,dose,note\n', 'a.csv');
    expect(shown(head)).toEqual(['table: | name | dose | note |\n| --- | --- | --- |']);
    const countTokens = (text: string) => text.split(/\s+/).length;
    const [chunk] = await chunkDocument(head, { maxTokens: 120, overlapTokens: 0, countTokens });
    expect(chunk!.text).toBe(head.text);
    expect((await parse('Insulin,5\n', 'a.csv')).text).toBe(
      '| Column 1 | Column 2 |\n| --- | --- |\n| Insulin | 5 |',
    );
  });

  test('the head stands before each piece of a table that is cut', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => `gene ${index},chromosome ${index},rare`);
    const document = await parse(['gene,place,how often', ...rows].join('\n'), 'genes.csv');
    const countTokens = (text: string) => text.split(/\s+/).filter(Boolean).length;
    const chunks = await chunkDocument(document, { maxTokens: 120, overlapTokens: 0, countTokens });
    expect(chunks.length).toBeGreaterThan(3);
    for (const chunk of chunks) expect(embeddedText(chunk)).toContain('| gene | place | how often |');
    for (const { text, start, end } of chunks) expect(text).toBe(document.text.slice(start, end));
  });

  test('a quotation mark that is never closed is told with its line', async () => {
    const error = await failure(parse(`a,b\n1,2\n"open,3\n${'x,y\n'.repeat(400_000)}`, 'a.csv'));
    expect(error.message).toMatch(/^a\.csv has a record of more than 1000000 characters, near line \d+\.$/);
    expect((await failure(parse('a,b\n"open,3\n', 'a.csv'))).message).toMatch(
      /^a\.csv ends inside a quoted field/,
    );
  });
});

describe('JSON', () => {
  test('records are sections under their paths, short fields lists, long texts paragraphs, like objects a table', async () => {
    const long = 'A sentence that goes on. '.repeat(20).trim();
    const value = {
      name: 'Clinic',
      id: '#',
      tags: ['a', 'b'],
      address: { street: 'High St', number: 4 },
      rooms: [
        {
          name: 'Ward',
          floor: 1,
          text: long,
          beds: [
            { no: 1, side: 'left' },
            { no: 2, side: 'right' },
            { no: 3, side: null },
          ],
        },
        { name: 'Lab', floor: 2, text: long },
      ],
    };
    const document = await parse(JSON.stringify(value), 'clinic.json');
    expect(document.title).toBe('Clinic');
    expect(shown(document)).toEqual([
      'list: - name: Clinic\n- id: #\n- tags: a, b\n- address: street High St; number 4',
      'heading2: ## rooms',
      'heading3: ### rooms[0] Ward',
      'list: - name: Ward\n- floor: 1',
      `paragraph: text: ${long}`,
      'heading4: #### rooms[0].beds',
      'table: | no | side |\n| --- | --- |\n| 1 | left |\n| 2 | right |\n| 3 |  |',
      'heading3: ### rooms[1] Lab',
      'list: - name: Lab\n- floor: 2',
      `paragraph: text: ${long}`,
    ]);
  });

  test('lines: each a record; long numbers stay as written; a bad line is passed over by number, many are an error', async () => {
    const line = (id: number) => `{"id":123456789012345678${id},"text":"${'words '.repeat(30)}"}`;
    const many = Array.from({ length: 5 }, (_, index) => line(index));
    const document = await parse([...many, '{"id":'].join('\n'), 'log.jsonl');
    expect(document.metadata).toMatchObject({ records: '5', linesNotRead: '6' });
    expect(document.text).toContain('[3] 1234567890123456783');
    expect((await failure(parse(['{"a":', 'x', line(1)].join('\n'), 'log.jsonl'))).message).toMatch(
      /^log\.jsonl is not JSON at line 1: /,
    );
    expect((await failure(parse('{"a": 1,}', 'a.json'))).reason).toBe('damaged');
  });
});

test('HTML and Markdown still come through, and the message about unknown kinds names all known ones', async () => {
  const { hint } = await failure(parse('x', 'x.odt'));
  for (const extension of readableExtensions) expect(hint).toContain(`.${extension}`);
});

test('a document without a title is named after its focus, or after its address', async () => {
  const named = async (front: string) =>
    (await parse(`---\n${front}\n---\n# \n\n## Information\n\nText.`, 'CDC-1.md')).title;
  expect(await named('url: http://x.org/HAI/organisms/visa_vrsa/visa_vrsa.html')).toBe('visa vrsa');
  expect(await named('url: http://x.org/flu-facts/\nfocus: Influenza')).toBe('Influenza');
  expect(await named('url: http://x.org/flu-facts/index.html?x=1')).toBe('flu facts');
  expect(await named('url: http://x.org/12345')).toBe('CDC 1');
});

test('a Markdown file that begins with a rule and marks that YAML would take for its own is no front matter', async () => {
  expect((await parse('---\n\n- **bold**\n\n---\n\nText.', 'a.md')).text).toContain('- **bold**');
});
