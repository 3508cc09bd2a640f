import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseXlsx } from './xlsx.ts';

const shown = (sheet: string, styles?: string) => {
  const { text, blocks } = parseXlsx(workbookOf({ Sheet: sheet }, styles));
  return blocks.slice(1).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);
};
/** Rows of cells, each with its words. */
const rowsOf = (rows: Record<string, string>[]) =>
  `<sheetData>${rows
    .map(
      (cells) =>
        `<row r="${/\d+/.exec(Object.keys(cells)[0]!)}">${Object.entries(cells)
          .map(([reference, words]) => `<c r="${reference}" t="inlineStr"><is><t>${words}</t></is></c>`)
          .join('')}</row>`,
    )
    .join('')}</sheetData>`;
const merged = (...ranges: string[]) =>
  `<mergeCells>${ranges.map((range) => `<mergeCell ref="${range}"/>`).join('')}</mergeCells>`;

describe('merged cells', () => {
  test('what spans rows is said in each of them, in its own column', () => {
    const rows = rowsOf([
      { A1: 'Plan', B1: 'Region', C1: 'Price' },
      { A2: 'Pro', B2: 'EU', C2: '10 EUR' },
      { B3: 'US', C3: '12 USD' },
      { A4: 'Free', B4: 'all', C4: '0' },
    ]);
    expect(shown(`${rows}${merged('A2:A3')}`)).toEqual([
      'table: | Plan | Region | Price |\n| --- | --- | --- |\n| Pro | EU | 10 EUR |\n| Pro | US | 12 USD |\n| Free | all | 0 |',
    ]);
  });

  test('what spans columns is said once: a title above a table stays one', () => {
    const rows = rowsOf([
      { A1: 'Stock of the ward' },
      { B3: 'Drug', C3: 'Left' },
      { B4: 'Insulin', C4: 'enough', D4: 'cold' },
      { B5: 'Aspirin' },
    ]);
    expect(shown(`${rows}${merged('A1:D2', 'C4:D5', 'B4:B4')}`).join('\n')).toBe(
      'paragraph: Stock of the ward\ntable: | Drug | Left |  |\n| --- | --- | --- |\n| Insulin | enough | cold |\n| Aspirin | enough |  |',
    );
  });

  test('long words are said once, what is merged with a whole column ends with the rows, and nonsense is passed over', () => {
    const long = 'long '.repeat(20).trim();
    const rows = rowsOf([{ A1: 'A', B1: 'B', C1: 'C' }, { A2: long, B2: '1', C2: 'c' }, { B3: '2' }]);
    expect(shown(`${rows}${merged('A2:A3', 'C2:C1048576', 'x', 'A:B', 'C9:C1')}`)).toEqual([
      `table: | A | B | C |\n| --- | --- | --- |\n| ${long} | 1 | c |\n|  | 2 | c |`,
    ]);
  });
});

/** A workbook of visible sheets, given by what stands in their `<worksheet>`, in an archive whose parts are not packed. */
function workbookOf(sheets: Record<string, string>, styles = ''): Buffer {
  const names = Object.keys(sheets);
  const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const relationship = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${relationships}/${type}" Target="${target}"/>`;
  const parts: Record<string, string> = {
    '_rels/.rels': `<Relationships>${relationship('a', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns:r="${relationships}"><sheets>${names.map((name, index) => `<sheet name="${name}" r:id="s${index}"/>`).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${relationship('y', 'styles', 'styles.xml')}${names.map((_, index) => relationship(`s${index}`, 'worksheet', `sheet${index}.xml`)).join('')}</Relationships>`,
    'xl/styles.xml': `<styleSheet>${styles}</styleSheet>`,
  };
  for (const [index, name] of names.entries())
    parts[`xl/sheet${index}.xml`] = `<worksheet>${sheets[name]}</worksheet>`;
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, words] of Object.entries(parts)) {
    const content = Buffer.from(words);
    // What a file's header and its entry in the directory have in common (APPNOTE 6.3.10, §4.3.7 and §4.3.12).
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(content.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    files.push(Buffer.from('PK\x03\x04'), facts, Buffer.from(name), content);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), facts, entry, Buffer.from(name));
    at += 30 + name.length + content.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(Object.keys(parts).length, 8);
  end.writeUInt16LE(Object.keys(parts).length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}
