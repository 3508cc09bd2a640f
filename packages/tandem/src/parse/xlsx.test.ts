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
