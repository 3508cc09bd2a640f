import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pageRectangles } from './page-rectangles.ts';
import { parsePdf } from './pdf.ts';
import { type Fragment, layOutPage } from './pdf-layout.ts';
import { writePages } from './pdf-structure.ts';

/** Runs of text on a baseline: each its left edge and its words, five points a character; `right` sets them to end there. */
type Cell = [x: number, text: string] | [right: number, text: string, 'right'];
const line = (y: number, cells: Cell[], font = 'body', size = 10): Fragment[] =>
  cells.map(([at, text, align]) => {
    const width = 5 * text.length;
    return { text, x: align === 'right' ? at - width : at, y, width, size, angle: 0, font };
  });
const written = (...pages: Fragment[][][]) =>
  writePages(
    pages.map((lines) => layOutPage(lines.flat(), { width: 600, height: 800 })),
    new Map(),
  );
const tables = (...pages: Fragment[][][]) => {
  const { text, blocks } = written(...pages);
  return blocks
    .filter(({ kind }) => kind === 'table')
    .map(({ start, end }) => text.slice(start, end).split('\n'));
};
const prose = (y: number) =>
  line(y, [
    [60, 'Some words of a paragraph that is as wide as the page is, or nearly so, and of the usual size.'],
  ]);
const read = async (name: string) =>
  (
    await parsePdf(
      new Uint8Array(readFileSync(new URL(`./fixtures/strangers/${name}`, import.meta.url))),
      name,
    )
  ).text;

test('a fruit stall: an empty cell stays empty', async () => {
  expect(await read('fruit.pdf')).toContain(
    '| Fruit | Price | Deposit | Remark |\n| --- | --- | --- | --- |\n| Apple | 2.10 |  | ripe |\n| Pear |  | 0.25 | hard |\n| Plum | 3.40 | 0.25 |  |',
  );
});

test('a store: a wrapped line belongs to its row and column, and text below the table is no row', async () => {
  const text = await read('store.pdf');
  expect(text).toContain('| Acetone, technical grade, drums | red | cabinet 4, behind the grate | 30 |');
  expect(text).toContain('| Nitric acid, 53 % or stronger | yellow | cabinet 9, alone and locked | 14 |');
  expect(text).toMatch(/\| 720 \|\n\nCabinets are locked at night\. The key hangs at the gate\.$/);
});

test('numbers set to the right and heads set to the left or to the middle share their columns', () => {
  const [table] = tables([
    prose(60),
    line(
      100,
      [
        [60, 'Part'],
        [200, 'No.'],
        [285, 'Weight in kg'],
        [420, 'Price in euros'],
      ],
      'bold',
    ),
    line(118, [
      [60, 'Axle'],
      [240, '7', 'right'],
      [330, '12.5', 'right'],
      [490, '1,249.00', 'right'],
    ]),
    line(136, [
      [60, 'Rim'],
      [330, '3.25', 'right'],
      [490, '89.00', 'right'],
    ]),
    line(154, [
      [60, 'Bell'],
      [240, '112', 'right'],
      [490, '5.90', 'right'],
    ]),
    prose(200),
  ]);
  expect(table).toEqual([
    '| Part | No. | Weight in kg | Price in euros |',
    '| --- | --- | --- | --- |',
    '| Axle | 7 | 12.5 | 1,249.00 |',
    '| Rim |  | 3.25 | 89.00 |',
    '| Bell | 112 |  | 5.90 |',
  ]);
});

test('in even lines a cell goes on where its row begins with nothing; numbers without a name are a row', () => {
  const [table] = tables([
    prose(60),
    line(
      100,
      [
        [60, 'Fee'],
        [200, 'Who pays'],
        [400, 'Euros'],
      ],
      'bold',
    ),
    line(112, [
      [60, 'Berth'],
      [200, 'every vessel that stays'],
      [400, '40'],
    ]),
    line(124, [[200, 'for more than a night']]),
    line(136, [
      [60, 'Water'],
      [200, 'nobody'],
      [400, '0'],
    ]),
    line(148, [
      [200, 'together'],
      [400, '40'],
    ]),
    prose(190),
  ]);
  expect(table!.slice(2)).toEqual([
    '| Berth | every vessel that stays for more than a night | 40 |',
    '| Water | nobody | 0 |',
    '|  | together | 40 |',
  ]);
});

test('a cell that stands in the middle of a high row, and one that stands at its foot', () => {
  const [table] = tables([
    prose(60),
    line(
      100,
      [
        [60, 'Name'],
        [200, 'What it is for'],
        [400, 'Days'],
      ],
      'bold',
    ),
    line(120, [[200, 'cleaning of tanks and']]),
    line(126, [
      [60, 'Lye'],
      [400, '30'],
    ]),
    line(132, [[200, 'of pipes']]),
    line(152, [[200, 'what is left over and']]),
    line(164, [
      [60, 'Salt'],
      [200, 'is dry'],
      [400, '90'],
    ]),
    prose(220),
  ]);
  expect(table).toEqual([
    '| Name | What it is for | Days |',
    '| --- | --- | --- |',
    '| Lye | cleaning of tanks and of pipes | 30 |',
    '| Salt | what is left over and is dry | 90 |',
  ]);
});

test('a head of two lines is one, and one over several columns is in the first of them', () => {
  const [table] = tables([
    prose(60),
    line(
      100,
      [
        [60, 'Part'],
        [200, 'Stock in'],
        [320, 'Stock in'],
      ],
      'bold',
    ),
    line(
      112,
      [
        [200, 'May'],
        [320, 'June'],
      ],
      'bold',
    ),
    line(132, [
      [60, 'Axle'],
      [200, '12'],
      [320, '14'],
    ]),
    line(152, [
      [60, 'Rim'],
      [320, '3'],
    ]),
    prose(200),
  ]);
  expect(table).toEqual([
    '| Part | Stock in May | Stock in June |',
    '| --- | --- | --- |',
    '| Axle | 12 | 14 |',
    '| Rim |  | 3 |',
  ]);
});

test('rows of sections that stand apart are rows, each by itself', () => {
  const [table] = tables([
    prose(60),
    line(100, [
      [60, 'Cash'],
      [300, '12', 'right'],
      [400, '13', 'right'],
    ]),
    line(112, [
      [60, 'Stock'],
      [300, '7', 'right'],
      [400, '9', 'right'],
    ]),
    line(124, [
      [60, 'Sum'],
      [300, '19', 'right'],
      [400, '22', 'right'],
    ]),
    line(144, [
      [60, 'Loans'],
      [300, '4', 'right'],
      [400, '2', 'right'],
    ]),
    line(156, [
      [60, 'Rent'],
      [300, '1', 'right'],
    ]),
    prose(200),
  ]);
  expect(table).toEqual([
    '| Cash | 12 | 13 |',
    '| Stock | 7 | 9 |',
    '| Sum | 19 | 22 |',
    '| Loans | 4 | 2 |',
    '| Rent | 1 |  |',
  ]);
});

test('two tables one below the other are two', () => {
  const found = tables([
    prose(60),
    line(
      100,
      [
        [60, 'Fruit'],
        [200, 'Price'],
      ],
      'bold',
    ),
    line(114, [
      [60, 'Apple'],
      [200, '2.10'],
    ]),
    line(128, [
      [60, 'Pear'],
      [200, '1.90'],
    ]),
    line(
      158,
      [
        [60, 'Day'],
        [150, 'Opens'],
        [300, 'Closes'],
      ],
      'bold',
    ),
    line(172, [
      [60, 'Friday'],
      [150, 'at six'],
      [300, 'at noon'],
    ]),
    line(186, [
      [60, 'Sunday'],
      [300, 'at ten'],
    ]),
    prose(230),
  ]);
  expect(found).toEqual([
    ['| Fruit | Price |', '| --- | --- |', '| Apple | 2.10 |', '| Pear | 1.90 |'],
    [
      '| Day | Opens | Closes |',
      '| --- | --- | --- |',
      '| Friday | at six | at noon |',
      '| Sunday |  | at ten |',
    ],
  ]);
});

test.each([
  ['printed again', true],
  ['not printed again', false],
])('a table over a page’s end has its head on both pages, %s', (_, isPrinted) => {
  const head = (y: number) =>
    line(
      y,
      [
        [60, 'Part'],
        [200, 'Stock'],
        [320, 'Price'],
      ],
      'bold',
    );
  const row = (y: number, name: string, stock: string, price: string) =>
    line(y, [[60, name], ...(stock ? [[200, stock] as Cell] : []), [320, price]]);
  const pages = [
    [
      prose(400),
      head(650),
      row(664, 'Axle', '12', '3.00'),
      row(678, 'Rim', '', '4.00'),
      row(692, 'Bell', '7', '5.00'),
    ],
    [
      ...(isPrinted ? [head(100)] : []),
      row(114, 'Spoke', '', '0.20'),
      row(128, 'Hub', '2', '9.00'),
      row(142, 'Nut', '1', '0.10'),
      prose(300),
    ],
  ];
  expect(tables(...pages)).toEqual([
    [
      '| Part | Stock | Price |',
      '| --- | --- | --- |',
      '| Axle | 12 | 3.00 |',
      '| Rim |  | 4.00 |',
      '| Bell | 7 | 5.00 |',
    ],
    [
      '| Part | Stock | Price |',
      '| --- | --- | --- |',
      '| Spoke |  | 0.20 |',
      '| Hub | 2 | 9.00 |',
      '| Nut | 1 | 0.10 |',
    ],
  ]);
  const { text, blocks } = written(...pages);
  const second = blocks.findLast(({ kind }) => kind === 'table')!;
  expect(second.page).toBe(2);
  const spoke = second.start + text.slice(second.start).indexOf('| Spoke');
  expect(pageRectangles({ text, blocks }, spoke, spoke + 10).map(({ page }) => page)).toEqual([2]);
});

test('a currency’s sign at the left of a column belongs to its amount', () => {
  const [table] = tables([
    prose(60),
    line(
      100,
      [
        [240, '2015'],
        [340, '2014'],
      ],
      'bold',
    ),
    line(114, [
      [60, 'Sales'],
      [220, '$'],
      [270, '6,779', 'right'],
      [320, '$'],
      [370, '5,504', 'right'],
    ]),
    line(128, [
      [60, 'Costs'],
      [270, '4,591', 'right'],
      [370, '3,752', 'right'],
    ]),
    line(142, [
      [60, 'Growth'],
      [270, '23', 'right'],
      [285, '%'],
      [370, '26', 'right'],
      [385, '%'],
    ]),
    prose(190),
  ]);
  expect(table).toEqual([
    '|  | 2015 | 2014 |',
    '| --- | --- | --- |',
    '| Sales | $ 6,779 | $ 5,504 |',
    '| Costs | 4,591 | 3,752 |',
    '| Growth | 23% | 26% |',
  ]);
});
