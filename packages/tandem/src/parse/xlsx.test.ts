import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { workbookOf } from './xlsx.fixture.ts';
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

test('numbers are written as the sheet shows them', () => {
  const formats: [id: number, code?: string][] = [
    [0],
    [10],
    [164, '0.0%'],
    [165, '#,##0.00 &quot;€&quot;'],
    [4],
    [14],
    [166, '00000'],
    [7],
    [167, '# ?/?'],
  ];
  const styles = `<numFmts>${formats.map(([id, code]) => (code ? `<numFmt numFmtId="${id}" formatCode="${code}"/>` : '')).join('')}</numFmts><cellXfs>${formats.map(([id]) => `<xf numFmtId="${id}"/>`).join('')}</cellXfs>`;
  const values = [0.1, 0.175, 0.175, 1234.5, 1234.5, 45000, 42, 9.5, 0.5];
  const rows = values.map(
    (value, index) =>
      `<row r="${index + 2}"><c r="A${index + 2}" t="inlineStr"><is><t>row</t></is></c><c r="B${index + 2}" s="${index}"><v>${value}</v></c></row>`,
  );
  const head = '<row r="1"><c r="A1" t="str"><v>Name</v></c><c r="B1" t="str"><v>Value</v></c></row>';
  const [table] = shown(`<sheetData>${head}${rows.join('')}</sheetData>`, styles);
  const cells = table!.split('\n').slice(2);
  expect(cells).toEqual(
    ['0.1', '17.50%', '17.5%', '1,234.50 €', '1,234.50', '2023-03-15', '00042', '9.50', '0.5'].map(
      (words) => `| row | ${words} |`,
    ),
  );
});

test('formulas that were never computed are named, those that give an empty text are not', () => {
  const formula = (reference: string, rest = '') =>
    `<c r="${reference}"${rest.startsWith('<') || rest === '' ? '' : ' t="str"'}><f>SUM(A1)</f>${rest.replace('text', '<v></v>')}</c>`;
  const row = `<row r="1"><c r="A1"><v>1</v></c>${formula('B1')}${formula('C1', '<v/>')}${formula('D1', 'text')}${formula('E1', '<v>2</v>')}</row>`;
  const many = `<row r="1"><c r="A1"><v>1</v></c>${Array.from({ length: 12 }, (_, index) => formula(`${String.fromCharCode(66 + index)}1`)).join('')}</row>`;
  const { metadata, text } = parseXlsx(
    workbookOf({ One: `<sheetData>${row}</sheetData>`, Two: `<sheetData>${many}</sheetData>` }),
  );
  expect(metadata!.formulasWithoutValues).toBe(
    'One: B1, C1; Two: B1, C1, D1, E1, F1, G1, H1, I1, J1, K1 and 2 more',
  );
  expect(text).toContain('| 1 |  |  |  | 2 |');
});

test('a first row with an amount in it names no columns', () => {
  for (const amount of ['1,234.50 €', '-£1,235', '(1,234)', '17.5 %', '12.00'])
    expect(
      shown(
        rowsOf([
          { A1: 'Total', B1: amount },
          { A2: 'Rest', B2: 'none' },
        ]),
      )[0],
    ).toBe(`table: | Column 1 | Column 2 |\n| --- | --- |\n| Total | ${amount} |\n| Rest | none |`);
});

describe('spans of time', () => {
  const shownAs = (code: string, value: number, properties = '') => {
    const styles = `<numFmts><numFmt numFmtId="164" formatCode="${code.replaceAll('"', '&quot;')}"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs>`;
    const sheet = `<sheetData><row r="1"><c r="A1" s="0"><v>${value}</v></c></row></sheetData>`;
    return parseXlsx(workbookOf({ Sheet: sheet }, styles, properties))
      .text.split('\n')
      .at(-1);
  };
  const minutes = (count: number) => count / 1440;
  test.each([
    ['[h]:mm', minutes(37 * 60 + 30), '37:30 h'],
    ['[hh]:mm:ss', minutes(65), '01:05:00 h'],
    ['[h]', 125.25, '3006 h'],
    ['[h]:mm', minutes(89.99), '1:29 h'],
    ['[h]:mm', 0, '0:00 h'],
    ['[h]:mm;-[h]:mm', -minutes(90), '-1:30 h'],
    ['[h]:mm', -minutes(90), '-1:30 h'],
    ['[h]:mm;@', -minutes(90), '-1:30 h'],
    ['[h]" hours "mm" min"', minutes(2250), '37 hours 30 min'],
    ['[mm]', minutes(45), '45 min'],
    ['[m]', 1.5, '2160 min (36:00 h)'],
    ['[mm]:ss', minutes(90.5), '90:30 min'],
    ['[ss]', minutes(1.5), '90 s'],
    ['[s].00', minutes(0.0125), '0.75 s'],
    ['mm:ss.0', 0.0015, '02:09.6'],
    ['mm:ss', minutes(90), '90:00'],
    ['h:mm', minutes(37 * 60 + 30), '13:30'],
    ['d "days" h:mm', 1.5625, '1 days 13:30'],
    ['[$-F400]h:mm:ss AM/PM', minutes(510), '08:30'],
    ['h:mm', 45_000.25, '2023-03-15 06:00'],
    ['[$-407]d. mmmm yyyy;@', 45_000, '2023-03-15'],
    ['[$-411]ge.m.d', 45_000, '2023-03-15'],
    ['yyyy"年"m"月"d"日"', 45_000, '2023-03-15'],
    ['mm/yy', 45_000, '2023-03-15'],
    ['#,##0.0 "h"', 37.5, '37.5 h'],
    ['[Red]#,##0.00 [$kr-41D]', 1234.5, '1,234.50 kr'],
  ])('%s of %d', (code, value, words) => {
    expect(shownAs(code, value)).toBe(words);
  });

  test('a workbook that counts its days from 1904', () => {
    const since1904 = '<workbookPr date1904="1"/>';
    expect(shownAs('yyyy-mm-dd', 43_538, since1904)).toBe('2023-03-15');
    expect(shownAs('[h]:mm', -minutes(90), since1904)).toBe('-1:30 h');
    expect(shownAs('h:mm', minutes(510), since1904)).toBe('08:30');
  });

  test('a boiler’s hours', () => {
    const bytes = readFileSync(new URL('./fixtures/strangers/durations.xlsx', import.meta.url));
    expect(parseXlsx(bytes).text.split('\n').slice(4)).toEqual([
      '| North | 37:30:00 h | 90 min (1:30 h) | 00:30.0 |',
      '| South | 3006:00:00 h | 2160 min (36:00 h) | 02:09.6 |',
    ]);
  });
});

describe('hidden cells', () => {
  const prices = readFileSync(new URL('./fixtures/strangers/price-list.xlsx', import.meta.url));

  test('hidden rows, columns and sheets are left out and named', () => {
    const { text, metadata } = parseXlsx(prices);
    expect(text).toBe(
      '## Prices\n\n| Article | Price | Unit |\n| --- | --- | --- |\n| Lantern oil | 14.90 euros | litre |\n| Wick | 2.30 euros | piece |',
    );
    expect(metadata).toMatchObject({
      hiddenSheets: 'Prices 2019, Calc',
      hiddenCells: 'Prices: row 3, column C',
    });
  });

  test('where the source says so they are read and marked', () => {
    const { text } = parseXlsx(prices, { hiddenCells: 'read' });
    expect(text).toContain('| Article | Price | Purchase cost (hidden column) | Unit |');
    expect(text).toContain('| Lantern oil (hidden row) | 11.20 euros | 5.80 euros | litre |');
    expect(text).toContain('## Prices 2019 (hidden sheet)');
    expect(text).toContain('## Calc (hidden sheet)');
  });

  test('closed groups, filtered rows and what is made so narrow that it is not seen', () => {
    const row = (number: number, attributes: string, ...words: string[]) =>
      `<row r="${number}" ${attributes}>${words.map((word, index) => `<c r="${'ABCD'[index]}${number}" t="str"><v>${word}</v></c>`).join('')}</row>`;
    const columns =
      '<cols><col min="2" max="2" outlineLevel="1" hidden="true"/><col min="4" max="9" width="0" customWidth="1"/></cols>';
    const rows = [
      row(1, '', 'Name', 'Cost', 'Price', 'Note'),
      row(2, 'outlineLevel="1" hidden="1"', 'a', '1', '2', '3'),
      row(3, 'hidden="1"', 'b', '1', '2', '3'),
      row(4, 'ht="0" customHeight="1"', 'c', '1', '2', '3'),
      row(5, 'ht="15"', 'd', '1', '2', '3'),
      row(7, '', 'Other', '', 'Table'),
    ];
    const sheet = `${columns}<sheetData>${rows.join('')}</sheetData><autoFilter ref="A1:D5"/>`;
    expect(shown(sheet)).toEqual([
      'table: | Name | Price |\n| --- | --- |\n| d | 2 |',
      'table: | Column 1 | Column 2 |\n| --- | --- |\n| Other | Table |',
    ]);
  });

  test('a merged cell shows in what is left of it', () => {
    const rows = rowsOf([
      { A1: 'Plan', B1: 'Old', C1: 'Price' },
      { A2: 'Pro', B2: 'all', C2: '' },
      { B3: 'x', C3: '12' },
    ]).replace('<row r="2"', '<row r="2" hidden="1"');
    const columns = '<cols><col min="2" max="2" hidden="1"/></cols>';
    expect(shown(`${columns}${rows}${merged('A2:A3', 'B1:C1')}`)).toEqual([
      'table: | Plan | Old |\n| --- | --- |\n| Pro | 12 |',
    ]);
  });

  test('a formula without a value in a hidden cell is no loss', () => {
    const sheet =
      '<sheetData><row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="2" hidden="1"><c r="A2"><f>1+1</f></c></row></sheetData>';
    expect(parseXlsx(workbookOf({ Sheet: sheet })).metadata).not.toHaveProperty('formulasWithoutValues');
  });
});
