import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHtml } from './html.ts';

const parse = (html: string) => parseHtml(new TextEncoder().encode(html), 'page.html');
const shown = (html: string) => {
  const { text, blocks } = parse(html);
  return blocks.map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);
};
const page = (body: string) =>
  `<!doctype html><html><head><title>Codes</title></head><body>${body}</body></html>`;

describe('a page of 500 characters and more, which Readability looks through', () => {
  const rows = (count: number, cell: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `<tr>${cell(index)}</tr>`).join('');
  const codes = `<table><tr><th>Code</th><th>Meaning</th><th>What to do</th></tr>${rows(8, (index) => `<td>E-${10 + index}</td><td>Fault number ${index} of the unit</td><td>Check the plug at part BL-${index}; then restart</td>`)}</table>`;
  const introduction =
    '<h1>Codes</h1><p>The display shows a code when the controller finds a fault. Write it down before you switch off.</p>';
  const article = Array.from(
    { length: 12 },
    (_, index) =>
      `<p>Paragraph ${index} tells of boats, of the lake, of the wind and of the waves, and of what is to be done when it rains.</p>`,
  ).join('');

  test.each([
    ['alone', ''],
    ['below a menu', '<nav><a href="/">Home</a></nav>'],
    ['below a list of links', '<div class="menu"><ul><li><a href="/">Home</a></li></ul></div>'],
  ])('whose content is a table keeps it a table: %s', (_, above) => {
    const blocks = shown(page(`${above}${introduction}${codes}`));
    expect(blocks.filter((block) => block.startsWith('table: '))).toHaveLength(1);
    expect(blocks.at(-1)).toMatch(
      /^table: \| Code \| Meaning \| What to do \|\n\| --- \| --- \| --- \|\n\| E-10 \| Fault number 0 of the unit \| Check/,
    );
  });

  test.each([
    ['without a head', codes.replaceAll('th>', 'td>')],
    ['in a <tbody>', codes.replace('<table>', '<table><tbody>').replace('</table>', '</tbody></table>')],
    ['within a box', `<div class="sidebar">${codes}</div>`],
  ])('that has a table %s keeps it', (_, table) => {
    const blocks = shown(page(`<h1>Codes</h1><div class="text">${article}</div>${table}`));
    expect(blocks.filter((block) => block.startsWith('table: '))).toHaveLength(1);
  });

  test.each([
    ['code', `<div class="sidebar"><pre>${'make all\n'.repeat(4)}</pre></div>`, 'code: '],
    ['a list', '<div class="sidebar"><ul><li>Bring a coat</li><li>Bring oars</li></ul></div>', 'list: '],
    ['terms', '<div class="comment"><dl><dt>Oar</dt><dd>moves the boat</dd></dl></div>', 'list: '],
  ])('that has %s beside its article keeps it', (_, part, kind) => {
    const blocks = shown(page(`<h1>Codes</h1><div class="text">${article}</div>${part}`));
    expect(blocks.filter((block) => block.startsWith(kind))).toHaveLength(1);
  });

  test('loses its list of links, though it is not marked as a menu', () => {
    const menu = `<div class="menu"><ul>${'<li><a href="/">Somewhere else</a></li>'.repeat(9)}</ul></div>`;
    const { text } = parse(page(`${menu}<h1>Codes</h1><div class="text">${article}</div>`));
    expect(text).not.toContain('Somewhere');
    expect(text).toContain('Paragraph 11');
  });

  test('loses its table of links, and a table of one row that lays it out does not make it one of data', () => {
    const links = `<table>${'<tr><td><a href="/">Somewhere else</a></td><td><a href="/">Back home</a></td></tr>'.repeat(3)}</table>`;
    const { text } = parse(page(`${links}<h1>Codes</h1><div class="text">${article}</div>`));
    expect(text).not.toContain('Somewhere');
    const cells = `<td><a href="/">Somewhere else</a></td><td><div><h2>Codes</h2>${article}</div></td>`;
    const laidOut = parse(page(`<table><tr>${cells}</tr></table>`));
    expect(laidOut.blocks.filter(({ kind }) => kind === 'paragraph').length).toBeGreaterThanOrEqual(12);
    expect(laidOut.blocks.some(({ kind }) => kind === 'table')).toBe(false);
  });
});

describe('a table with merged cells', () => {
  const table = (rows: string) => {
    const [block, ...others] = shown(page(`<table>${rows}</table>`));
    expect(others).toEqual([]);
    expect(block).toMatch(/^table: /);
    return block!.split('\n').filter((line) => !line.includes('---'));
  };

  test('says in each row what spans several, in its own column', () => {
    expect(
      table(
        '<tr><th>Plan<th>Region<th>Price<tr><td rowspan=2>Pro<td>EU<td>10 EUR<tr><td>US<td>12 USD<tr><td>Free<td>all<td>0',
      ),
    ).toEqual([
      'table: | Plan | Region | Price |',
      '| Pro | EU | 10 EUR |',
      '| Pro | US | 12 USD |',
      '| Free | all | 0 |',
    ]);
  });

  test('spans in the middle, at the end, over columns too, and side by side', () => {
    expect(
      table(
        '<tr><th>A<th>B<th>C<th>D</tr><tr><td>1<td rowspan=3>b<td rowspan=2>c<td>4</tr><tr><td>5<td>8</tr><tr><td>9<td colspan=2 rowspan=2>cd</tr><tr><td>13<td>14</tr>',
      ),
    ).toEqual([
      'table: | A | B | C | D |',
      '| 1 | b | c | 4 |',
      '| 5 | b | c | 8 |',
      '| 9 | b | cd |  |',
      '| 13 | 14 | cd |  |',
    ]);
    expect(table('<tr><th>a<th rowspan=2>b<tr><td>c')).toEqual(['table: | a | b |', '| c | b |']);
  });

  test('rowspan 0 is the whole group, and no span leaves its group', () => {
    expect(
      table(
        '<thead><tr><th rowspan=9>Plan</th><th>Price</th></tr></thead><tbody><tr><td rowspan=0>Pro</td><td>1</td></tr><tr><td>2</td></tr></tbody><tbody><tr><td>Free</td><td>0</td></tr></tbody>',
      ),
    ).toEqual(['table: | Plan | Price |', '| Pro | 1 |', '| Pro | 2 |', '| Free | 0 |']);
  });

  test('says long words once, leaves rows without words of their own out, and is refused where it would fill the memory', () => {
    const long = 'long '.repeat(20).trim();
    expect(table(`<tr><th rowspan=3>${long}<th>1<tr><td>2<tr>`)).toEqual([
      `table: | ${long} | 1 |`,
      '|  | 2 |',
    ]);
    const wide = `<tr>${`<td rowspan=9999>${'word '.repeat(15)}`.repeat(900)}</tr>${'<tr><td>1<td>2</tr>'.repeat(900)}`;
    expect(() => table(wide)).toThrow('the merged cells of a table add more than 10000000 characters');
    const sparse = `<tr>${'<td colspan=50>x'.repeat(900)}</tr>${'<tr><td>1'.repeat(900)}`;
    expect(() => table(sparse)).toThrow('a table of it is 45000 columns wide in more than 740 rows');
  });

  test('property: each cell stands in the column where the grid of HTML has it', () => {
    const cell = fc.record({ columns: fc.integer({ min: 1, max: 3 }), rows: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 2, maxLength: 6 }),
        (rows) => {
          // Slot by slot: a cell takes the first free slot of its row, and all slots that it spans which are free.
          const grid: (string | undefined)[][] = rows.map(() => []);
          const html = rows.map((cells, row) => {
            const marks = cells.map(({ columns, rows: height }, index) => {
              const words = `r${row}c${index}`;
              let column = 0;
              while (grid[row]![column] !== undefined) column++;
              for (let below = 0; below < height && row + below < rows.length; below++)
                for (let across = 0; across < columns; across++) {
                  // Cells that lie over each other are an error of the page.
                  fc.pre(grid[row + below]![column + across] === undefined);
                  grid[row + below]![column + across] = across === 0 ? words : '';
                }
              return `<th colspan=${columns} rowspan=${height}>${words}</th>`;
            });
            return `<tr>${marks.join('')}</tr>`;
          });
          const width = Math.max(...grid.map((row) => row.length));
          const expected = grid.map(
            (row) => `| ${Array.from({ length: width }, (_, column) => row[column] ?? '').join(' | ')} |`,
          );
          expected[0] = `table: ${expected[0]}`;
          expect(table(html.join(''))).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('lists', () => {
  const list = (html: string) => shown(page(html)).join('\n').split('\n');

  test('a list of terms in another is said once, below what it stands in', () => {
    expect(
      list(
        '<dl><dt>Alpha</dt><dd>first <dl><dt>Beta</dt><dd>second</dd></dl></dd><dt>Gamma</dt><dd><ul><li>red<li>blue</ul></dd></dl>',
      ),
    ).toEqual(['list: - Alpha: first', '  - Beta: second', '- Gamma:', '  - red', '  - blue']);
    expect(list('<ul><li>one<div><dl><dt>A<dd>a</dl></div><li>two</ul>')).toEqual([
      'list: - one',
      '  - A: a',
      '- two',
    ]);
  });

  test('several terms, several definitions, groups in boxes, terms without any', () => {
    expect(
      list('<dl><div><dt>A<dt>B<dd>one<dd>two</div><div><dt>C<dd>three</div>and more<dt>D<dt>E</dl>'),
    ).toEqual(['list: - A, B: one', '- A, B: two', '- C: three', '- and more', '- D, E']);
  });

  test('a long term is said with the first of its definitions only', () => {
    const long = 'long '.repeat(20).trim();
    expect(list(`<dl><dt>${long}<dd>one<dd>two</dl>`)).toEqual([`list: - ${long}: one`, '- two']);
  });

  test('end tags may be left out, of paragraphs in them too', () => {
    expect(list('<dl><p><dt>A<dd>one<p><dt>B<dd>two</dl>')).toEqual(['list: - A: one', '- B: two']);
    expect(list('<dl><dt>A<dd><p>one<dt>B<dd>two</dl>')).toEqual(['list: - A: one', '- B: two']);
    expect(list('<ul><li>one<p>more<li>two</ul>')).toEqual(['list: - one more', '- two']);
    expect(list('<ul><p><li><b>one<li>two</ul>')).toEqual(['list: - one', '- two']);
    expect(list('<ul><li>a<div>b<li>c</div> d<ul><li>e<p>f<li>g</ul><li>h</ul>')).toEqual([
      'list: - a b',
      '- c d',
      '  - e f',
      '  - g',
      '- h',
    ]);
    expect(list('<table><tr><th><p>A<th><p>B<tr><td><p>3<td>4</table>')).toEqual([
      'table: | A | B |',
      '| --- | --- |',
      '| 3 | 4 |',
    ]);
    expect(list('<table><thead><tr><th>A<th>B<tbody><tr><td>1<td>2<tfoot><tr><td>3<td>4</table>')).toEqual([
      'table: | A | B |',
      '| --- | --- |',
      '| 1 | 2 |',
      '| 3 | 4 |',
    ]);
  });

  test('what stands between items is kept, and lists go on counting', () => {
    expect(list('<ol>before <b>it</b><li>one<ol><li>in</ol><ul><li>bare</ul><li>two<p>last</ol>')).toEqual([
      'list: - before it',
      '1. one',
      '  1. in',
      '  - bare',
      '2. two last',
    ]);
  });

  test.each([
    ['terms', (level: number) => `<dl><dt>Term ${level}</dt><dd>What it means `],
    ['terms with open paragraphs', (level: number) => `<dl><p><dt>Term ${level}<dd><p>What it means `],
    ['items', (level: number) => `<ul><li>Item ${level} `],
    ['items without a list', (level: number) => `<li>Item ${level}<p>`],
    ['cells', (level: number) => `<table><tr><td>${level}<td>cell `],
  ])('three thousand nested %s are said once each', (_, opening) => {
    const html = page(Array.from({ length: 3000 }, (_, level) => opening(level)).join(''));
    const { text } = parse(html);
    expect(text.replace(/\s+/g, '').length).toBeLessThan(html.length);
    expect(text.match(/2999/g)).toHaveLength(1);
  });

  test('property: whatever end tags are left out, in cells too, no word is lost, said twice or moved', () => {
    const tag = fc.constantFrom(
      ...'ul ol li dl dt dd p div b'.split(' ').flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}>`]),
    );
    const cell = fc.array(tag, { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 4, maxLength: 4 }), fc.boolean(), (cells, isTable) => {
        let count = 0;
        // An end tag in one cell for what began in another is no omission.
        const kept = (mark: string) => !isTable || !mark.startsWith('</');
        const [a, b, c, d] = cells.map((tags) =>
          tags
            .filter(kept)
            .map((mark) => `${mark} w${count++} `)
            .join(''),
        );
        const html = isTable ? `<table><tr><th>${a}<th>${b}<tr><td>${c}<td>${d}</table>` : `${a}${b}${c}${d}`;
        const said = (parse(page(html || 'w')).text.match(/w\d+/g) ?? []).map((word) =>
          Number(word.slice(1)),
        );
        // A term is said with each of its definitions.
        const once = html.includes('<dt>') ? [...new Set(said)] : said;
        expect(once.toSorted((x, y) => x - y)).toEqual(Array.from({ length: count }, (_, index) => index));
        // The words of an item stand before its lists, those of a cell in its column.
        if (!/<(?:ul|ol|dl|dt)>/.test(html)) expect(said).toEqual(said.toSorted((x, y) => x - y));
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is read as browsers read it', () => {
  test('text in a table but in no cell stands above it, content behind the end of the page is a part of it', () => {
    expect(
      shown('<body><table><tr>Fares<th>From<th>To<tr><td>A<td>B</table></body></html><p>All in EUR.'),
    ).toEqual([
      'paragraph: Fares',
      'table: | From | To |\n| --- | --- |\n| A | B |',
      'paragraph: All in EUR.',
    ]);
  });

  test('attributes may be written in capitals', () => {
    expect(
      shown(page('<TABLE><TR><TH>Plan<TH>Price<TR><TD ROWSPAN=2>Pro<TD>1<TR><TD>2</TABLE><P HIDDEN>no')),
    ).toEqual(['table: | Plan | Price |\n| --- | --- |\n| Pro | 1 |\n| Pro | 2 |']);
  });

  test('elements of XHTML may close themselves', () => {
    const xhtml =
      '<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="a.js"/><title/></head><body><h1><a id="x"/>Oars</h1><p title="a/>b">Two<br/>oars</p><div/></body></html>';
    expect(shown(xhtml)).toEqual(['heading: # Oars', 'paragraph: Two\noars']);
  });

  test('of frames, what readers without them see', () => {
    expect(
      shown(
        '<html><frameset cols="1,2"><frame src="a"><noframes><body><p>Boats</body></noframes></frameset>',
      ),
    ).toEqual(['paragraph: Boats']);
  });

  test('thousands of marks that are never closed are no thousands in each paragraph', () => {
    const html = page(
      Array.from({ length: 3000 }, (_, index) => `<font size=${index}><p>word${index}`).join(''),
    );
    const before = process.cpuUsage();
    expect(parse(html).text.match(/word\d+/g)).toHaveLength(3000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(20);
  });
});

test('the sign by which a heading links to itself is no part of it', () => {
  const { text, title } = parseHtml(
    new TextEncoder().encode(`<html><head><title>Pump manual</title></head><body><main>
      <h1>Pump manual<a class="headerlink" href="#pump" title="Permalink">¶</a></h1>
      <h2><a class="anchor" href="#start"><svg></svg></a>Starting</h2>
      <p>See <a href="#stop">Stopping</a>, and the note <a href="#n1">1</a>.</p>
      <h2>Stopping <a href="/manual.html#stop">#</a></h2>
      <dl><dt>C#<a href="#c">§</a></dt><dd>A language.</dd><dt><a href="#and">&amp;&amp;</a></dt><dd>And.</dd></dl>
    </main></body></html>`),
    'manual.html',
  );
  expect(title).toBe('Pump manual');
  expect(text).toContain('# Pump manual\n');
  expect(text).toContain('## Starting\n');
  expect(text).toContain('## Stopping\n');
  expect(text).toContain('See Stopping, and the note 1.');
  expect(text).toContain('C#');
  expect(text).toContain('&&');
  expect(text).not.toMatch(/[¶§]/);
});
